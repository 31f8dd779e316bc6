/**
 * The operations of a queue's socket. A frame is text of one or more lines, each a JSON value; docs/socket.md has it in
 * full. The requests are those of HTTP, but waits have no timeout: they end when they are served or cancelled.
 */
import * as z from "zod";
import { BATCH_MESSAGES_MAX, CREDIT_MAX, SOCKET_WAITS_MAX } from "../limits.ts";
import type { Problem } from "../problems.ts";
import { idempotencyKey, leaseSeconds, receipts } from "./fields.ts";
import { joinRequest, receiveRequest } from "./leases.ts";
import { DELAY_XOR_AT, messageOptions, putRequest } from "./messages.ts";

/** Whether the operation waits until it can be served, or until `cancel_wait`. */
const wait = z.boolean().default(false);

export const OPERATION_ID_MAX = 2_147_483_647;
const operationId = z.int().min(0).max(OPERATION_ID_MAX);

/** The line that begins an operation. */
export const socketOperation = z.strictObject({
  /** Chosen by the client and repeated in the reply. Two operations that are not answered have different ids. */
  id: operationId,
  verb: z.string(),
  request: z.unknown().optional(),
  /** The same as the header Idempotency-Key over HTTP. */
  key: idempotencyKey.optional(),
  /** For independent puts of one message each that share this operation: the key of each, in place of `key`. */
  keys: z.array(idempotencyKey).min(1).max(BATCH_MESSAGES_MAX).optional(),
  /** How many of the lines after this one are payloads of messages that this operation puts. */
  lines: z.int().min(1).max(BATCH_MESSAGES_MAX).optional(),
});

/** `count` messages with the same options; the payload of each follows in a line of its own. */
export const messageRun = messageOptions
  .extend({
    count: z.int().min(1).max(BATCH_MESSAGES_MAX).default(1),
    /** Whether the lines are JSON strings of base64: the `bytes` of HTTP. */
    bytes: z.boolean().default(false),
  })
  .refine(DELAY_XOR_AT.holds, DELAY_XOR_AT.rule);

export const socketPutRequest = putRequest.omit({ timeoutSeconds: true }).extend({
  /** Absent if no message has options. */
  messages: z.array(messageRun).min(1).max(BATCH_MESSAGES_MAX).optional(),
  wait,
});
/** The reply to puts that share an operation: for each its id, or null and the problem. */
export const putsReply = z.object({
  ids: z.array(z.string().nullable()),
  /** As in the reply to a put, the positions of messages that were not stored. */
  duplicates: z.array(z.int()).optional(),
  /** Absent if no put was refused. */
  problems: z.array(z.custom<Problem>().nullable()).optional(),
});
export const socketReceiveRequest = receiveRequest.omit({ timeoutSeconds: true }).extend({ wait });
export const socketJoinRequest = joinRequest.omit({ timeoutSeconds: true }).extend({ wait });

/** Adds to the number of messages that the queue may push. A socket has one subscription. */
export const subscribeRequest = z.strictObject({
  credit: z.int().min(1).max(CREDIT_MAX),
  /** Default: the queue's setting. */
  leaseSeconds: leaseSeconds.optional(),
});
export const subscribeReply = z.object({
  /** How many more messages may be pushed. */
  credit: z.int(),
  /** How long the leases of messages that are pushed from now on last. */
  leaseSeconds: z.number(),
  /** The server's time, by which leases end: seconds since 1970. */
  time: z.number(),
});

/**
 * Reports that handlers have begun with these deliveries, so that each counts as an attempt. It has no reply: receipts
 * whose lease is over come back as `lost`.
 */
export const beginRequest = z.strictObject({ receipts });

/** Ends waits as if they had timed out: each of the operations is answered, unless it was already. */
export const cancelWaitRequest = z.strictObject({ ids: z.array(operationId).min(1).max(SOCKET_WAITS_MAX) });
