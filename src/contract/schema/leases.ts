/** Receiving messages and finishing them. */
import * as z from "zod";
import { BATCH_MESSAGES_MAX, DELAY_SECONDS_MAX, ERROR_CHARACTERS_MAX } from "../limits.ts";
import { leaseSeconds, receipts, seconds, waitSeconds } from "./fields.ts";
import { receivedMessage } from "./messages.ts";

export const receiveRequest = z.strictObject({
  /** The most messages to hand out. */
  max: z.int().min(1).max(BATCH_MESSAGES_MAX).default(1),
  /** Default: the queue's setting. */
  leaseSeconds: leaseSeconds.optional(),
  timeoutSeconds: waitSeconds,
  /** Removes the messages as they are handed out, so that a lost reply loses them; they stay unfinished until done. */
  autoAck: z.boolean().default(false),
});
export const receiveReply = z.object({
  messages: z.array(receivedMessage),
  /** How long the leases of the messages last. Absent without messages, and with autoAck. */
  leaseSeconds: z.number().optional(),
});

export const ackRequest = z.strictObject({
  receipts,
  /** False takes the messages but leaves them unfinished until `done`: how Python's `get` and `task_done` split it. */
  finish: z.boolean().default(true),
});
/** `stale`: receipts whose lease is over, or that were never given. They changed nothing. */
export const ackReply = z.object({ acked: z.int(), stale: z.array(z.string()) });

export const retryRequest = z
  .strictObject({
    receipts,
    /** Default: what the queue's `retryDelay…` settings give. */
    delaySeconds: seconds.max(DELAY_SECONDS_MAX).optional(),
    /** Why this attempt failed; handed out with the next delivery as `lastError`. */
    error: z.string().max(ERROR_CHARACTERS_MAX).optional(),
    /** Rejects the messages: they are dead at once, with the reason `rejected`, however often they were delivered. */
    dead: z.boolean().default(false),
    /** False releases messages that no handler has begun with: the delivery does not count as an attempt. */
    begun: z.boolean().default(true),
  })
  .refine(
    ({ begun, ...request }) => begun || !(request.dead || (request.delaySeconds ?? request.error) !== undefined),
    {
      error: "must not have delaySeconds, error or dead if the work was not begun",
    },
  )
  .refine((request) => !request.dead || request.delaySeconds === undefined, {
    error: "must not have both dead and delaySeconds",
  });
export const retryReply = z.object({ retried: z.int(), stale: z.array(z.string()) });

export const extendRequest = z.strictObject({
  receipts,
  /** The leases end this long from now. */
  leaseSeconds,
});
export const extendReply = z.object({ extended: z.int(), stale: z.array(z.string()), leaseEndsAt: z.number() });

export const doneRequest = z.strictObject({ count: z.int().min(1).max(1_000_000).default(1) });
export const doneReply = z.object({ unfinished: z.int() });

export const joinRequest = z.strictObject({ timeoutSeconds: waitSeconds });
export const joinReply = z.object({ finished: z.boolean() });
