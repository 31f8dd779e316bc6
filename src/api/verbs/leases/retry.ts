import * as z from "zod";
import { DELAY_SECONDS_MAX } from "../../../contract/limits.ts";
import { orMilliseconds } from "../../forms/milliseconds.ts";
import { receipts, seconds } from "../../schema/fields.ts";
import { verb } from "../base/descriptor.ts";
import { error, stale } from "./receipts.ts";

export const retry = verb({
  summary: "Gives messages back after a failure: visible again after a delay, or dead after their last attempt.",
  scope: "receive",
  endsLeases: true,
  request: z.strictObject({
    receipts,
    /** Default: what the `retryDelay…` settings of the message and the queue give. */
    delaySeconds: seconds.max(DELAY_SECONDS_MAX).optional(),
    error,
  }),
  reply: z.strictObject({
    retried: z.int(),
    stale,
    /** The receipts among the retried whose messages are dead now; absent if there are none. */
    dead: z.array(z.string()).optional(),
  }),
  command: ({ receipts, delaySeconds, error }) => ({
    verb: "retry",
    receipts,
    delayMs: orMilliseconds(delaySeconds),
    error,
  }),
  format: ({ retried, stale, dead }) => ({ retried, stale, dead: dead.length === 0 ? undefined : dead }),
});
