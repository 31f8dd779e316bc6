import * as z from "zod";
import { PROGRESS_BYTES_MAX, RECEIPT_CHARACTERS_MAX } from "../../../contract/limits.ts";
import { boundedJsonTextOf } from "../../forms/json-text.ts";
import { verb } from "../base/descriptor.ts";

export const progress = verb({
  summary: "Tells how far a running job is: kept in memory until it ends, and told to those who watch it.",
  scope: "receive",
  request: z.strictObject({
    receipt: z.string().min(1).max(RECEIPT_CHARACTERS_MAX),
    /** Any JSON value. It replaces the one before. */
    progress: z.unknown(),
  }),
  reply: z.strictObject({
    /** Whether the lease is over: the job is another worker's, or has ended. */
    stale: z.boolean(),
    /** Whether that is because it was cancelled. */
    cancelled: z.boolean(),
  }),
  command: ({ receipt, progress: value }) => ({
    verb: "progress",
    receipt,
    progress: boundedJsonTextOf(value, "progress", PROGRESS_BYTES_MAX),
  }),
  format: ({ isStale, isCancelled }) => ({ stale: isStale, cancelled: isCancelled }),
});
