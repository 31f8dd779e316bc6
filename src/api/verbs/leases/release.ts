import * as z from "zod";
import { DELAY_SECONDS_MAX } from "../../../contract/limits.ts";
import { orMilliseconds } from "../../forms/milliseconds.ts";
import { receipts, seconds } from "../../schema/fields.ts";
import { verb } from "../base/descriptor.ts";
import { isOnlyReceipts, stale } from "./receipts.ts";

export const release = verb({
  summary:
    "Gives back messages with which no handler has begun: visible at once, or after a delay, and no attempt is counted.",
  scope: "receive",
  endsLeases: true,
  request: z.strictObject({
    receipts,
    /** Default 0. */
    delaySeconds: seconds.max(DELAY_SECONDS_MAX).optional(),
  }),
  reply: z.strictObject({ released: z.int(), stale }),
  recognize: (request) => (isOnlyReceipts(request) ? request : undefined),
  command: ({ receipts, delaySeconds }) => ({ verb: "release", receipts, delayMs: orMilliseconds(delaySeconds) }),
  format: ({ released, stale }) => ({ released, stale }),
});
