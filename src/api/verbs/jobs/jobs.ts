import * as z from "zod";
import { LIST_LIMIT_DEFAULT, LIST_LIMIT_MAX } from "../../../contract/limits.ts";
import { jobJson } from "../../forms/job-json.ts";
import { jsonOf } from "../../forms/json-of.ts";
import { orMilliseconds } from "../../forms/milliseconds.ts";
import { job, jobState, taskName } from "../../schema/jobs.ts";
import { verb } from "../base/descriptor.ts";

const time = z.coerce.number().min(0).optional();

export const jobs = verb({
  summary:
    "Lists jobs, a page at a time: those that go on in the order of their puts, then the others, the newest first.",
  scope: "read",
  request: z.strictObject({
    /** Default: all. */
    state: jobState.optional(),
    /** Only those of this task. */
    task: taskName.optional(),
    /** Only jobs that have ended at this time or later, or were put then if they go on: seconds since 1970. */
    since: time,
    /** Only jobs that have ended, or were put, before this time. */
    before: time,
    /** The `cursor` of the page before. */
    cursor: z.string().max(128).default(""),
    limit: z.coerce.number().int().min(1).max(LIST_LIMIT_MAX).default(LIST_LIMIT_DEFAULT),
  }),
  reply: z.strictObject({
    /** A page may be short, or even empty, before the last. */
    jobs: z.array(job),
    /** Null on the last page. */
    cursor: z.string().nullable(),
  }),
  command: ({ since, before, ...request }) => ({
    verb: "jobs",
    ...request,
    since: orMilliseconds(since),
    before: orMilliseconds(before),
  }),
  format: ({ jobs: views, cursor }) => {
    return jsonOf(`{"jobs":[${views.map(jobJson).join(",")}],"cursor":${JSON.stringify(cursor)}}`);
  },
});
