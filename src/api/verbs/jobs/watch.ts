import * as z from "zod";
import { WATCH_IDS_MAX } from "../../../contract/limits.ts";
import { knownJobJson } from "../../forms/job-json.ts";
import { jsonOf } from "../../forms/json-of.ts";
import { job, unknownJob } from "../../schema/jobs.ts";
import { verb } from "../base/descriptor.ts";
import { subscriberOf } from "../waits/connection.ts";

/** The ids of jobs. */
export const jobIds = z.array(z.string().min(1).max(128)).min(1).max(WATCH_IDS_MAX);

export const watch = verb({
  summary: "Shows jobs, and tells this socket when those that go on have ended, in lines `job`.",
  scope: "read",
  request: z.strictObject({
    ids: jobIds,
    /** Whether changes of state and progress are told too. */
    events: z.boolean().default(false),
  }),
  /** One for each id, in their order. */
  reply: z.strictObject({ jobs: z.array(z.union([job, unknownJob])) }),
  command: ({ ids, events }, context) => ({ verb: "watch", subscriber: subscriberOf(context), ids, events }),
  format: ({ jobs }) => jsonOf(`{"jobs":[${jobs.map(knownJobJson).join(",")}]}`),
});
