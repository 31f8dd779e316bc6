import * as z from "zod";
import { DELAY_SECONDS_MAX, TASK_HEADER } from "../../../contract/limits.ts";
import { changesOf } from "../../forms/new-messages.ts";
import { viewJson } from "../../forms/received-json.ts";
import { seconds } from "../../schema/fields.ts";
import { headers } from "../../schema/headers.ts";
import { bytes, messageRequest, messageView, priority } from "../../schema/messages.ts";
import { verb } from "../base/descriptor.ts";

export const change = verb({
  summary: "Changes a message that is visible or delayed: its priority, time, body or headers.",
  scope: "admin",
  request: messageRequest
    .extend({
      priority: priority.optional(),
      /** From now; 0 makes it visible. */
      delaySeconds: seconds.max(DELAY_SECONDS_MAX).optional(),
      /** Seconds since 1970: at most 366 days from now. */
      at: z.number().min(0).optional(),
      body: z.unknown().optional(),
      bytes: bytes.optional(),
      /** All of its headers from now on; null removes them. The name of its task, `dq-task`, stays as it is. */
      headers: headers.nullable().optional(),
    })
    .refine(({ delaySeconds, at }) => delaySeconds === undefined || at === undefined, {
      error: "must not have both delaySeconds and at",
    })
    .refine(({ headers }) => headers?.[TASK_HEADER] === undefined, {
      error: `must not have the header ${TASK_HEADER}: the task of a job cannot be changed`,
    })
    .refine(({ body, bytes }) => body === undefined || bytes === undefined, {
      error: "must not have both body and bytes",
    })
    .refine(({ id: _, ...changes }) => Object.values(changes).some((value) => value !== undefined), {
      error: "must have at least one of priority, delaySeconds, at, body, bytes and headers",
    }),
  reply: messageView,
  command: ({ id, ...changes }, { now }) => ({ verb: "change", id, changes: changesOf(changes, now) }),
  format: ({ view }) => viewJson(view),
});
