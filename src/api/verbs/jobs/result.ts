import * as z from "zod";
import { WAIT_SECONDS_MAX } from "../../../contract/limits.ts";
import { jobJson } from "../../forms/job-json.ts";
import { milliseconds } from "../../forms/milliseconds.ts";
import { job } from "../../schema/jobs.ts";
import { messageRequest } from "../../schema/messages.ts";
import { verb } from "../base/descriptor.ts";

export const result = verb({
  summary: "Waits until a job has ended, and shows it: its result, or why it failed.",
  scope: "read",
  mayWait: true,
  request: messageRequest.extend({
    /** How long it waits; after that it shows the job as it is. */
    timeoutSeconds: z.coerce.number().min(0).max(WAIT_SECONDS_MAX).default(0),
  }),
  reply: job,
  command: ({ id, timeoutSeconds }) => ({ verb: "result", id, timeoutMs: milliseconds(timeoutSeconds) }),
  format: ({ job: view }) => jobJson(view),
});
