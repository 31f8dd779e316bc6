/** Administration of a queue that is in use: redrive, purge, shut down, pause and resume. */
import * as z from "zod";
import { RECEIPTS_MAX, REDRIVE_MAX } from "../limits.ts";
import { queueName } from "./fields.ts";

/**
 * Makes these dead letters, or the first `max`, visible again. A message that died here keeps its place and has all its
 * attempts before it. A message that died in another queue goes back to the end of that queue. With `to`, all messages
 * go to that queue. One call redrives to one queue, and to another queue at most 1,000 messages or 8 MiB.
 */
export const redriveRequest = z.strictObject({
  ids: z.array(z.string().min(1).max(128)).min(1).max(RECEIPTS_MAX).optional(),
  max: z.int().min(1).max(REDRIVE_MAX).default(REDRIVE_MAX),
  /** Another queue. */
  to: queueName.optional(),
  /** Only messages that died in this other queue. */
  from: queueName.optional(),
});
/** `left`: how many dead letters are left. */
export const redriveReply = z.object({ redriven: z.int(), left: z.int() });

export const purgeRequest = z.strictObject({ only: z.literal("dead").optional() });
export const purgeReply = z.object({ purged: z.int() });

/** `immediate` discards all messages that are not leased, and leased messages that are retried or whose lease expires. */
export const shutdownRequest = z.strictObject({ immediate: z.boolean().default(false) });

/** The calls to pause or to resume; without `only`, both. */
export const pauseRequest = z.strictObject({ only: z.enum(["puts", "receives"]).optional() });
