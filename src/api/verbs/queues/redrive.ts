import * as z from "zod";
import { RECEIPTS_MAX, REDRIVE_MAX } from "../../../contract/limits.ts";
import { queueName } from "../../schema/fields.ts";
import { verb } from "../base/descriptor.ts";
import { assertOther } from "./others.ts";

export const redrive = verb({
  summary:
    "Makes dead letters visible again: those that died here in their places, those from another queue in that one, or all in the queue `to`.",
  scope: "admin",
  /** One call redrives to one queue, and to another queue at most 1,000 messages or 8 MiB. */
  request: z.strictObject({
    ids: z.array(z.string().min(1).max(128)).min(1).max(RECEIPTS_MAX).optional(),
    max: z.int().min(1).max(REDRIVE_MAX).default(REDRIVE_MAX),
    /** Another queue. */
    to: queueName.optional(),
    /** Only messages that died in this other queue. */
    from: queueName.optional(),
  }),
  /** `left`: how many dead letters are left. */
  reply: z.strictObject({ redriven: z.int(), left: z.int() }),
  command: (request, context) => {
    assertOther(context, "to", request.to);
    // Without `to` the queue alone knows where they died.
    return { verb: "redrive", ...request, reach: context.principal.queues };
  },
  format: ({ redriven, left }) => ({ redriven, left }),
});
