/**
 * What is said on a queue's socket. A frame is text of one or more lines, each a JSON value; docs/socket.md has it in
 * full. The requests are those of HTTP, but that who waits is not told to come back: he waits until he sends `cancel_wait`.
 */
import * as z from "zod";
import { BATCH_MESSAGES_MAX, CREDIT_MAX, SOCKET_WAITS_MAX } from "./limits.ts";
import type { Problem } from "./problems.ts";
import {
  idempotencyKey,
  joinRequest,
  leaseSeconds,
  messageOptions,
  ONE_TIME,
  putRequest,
  type ReceivedMessage,
  receipts,
  receiveRequest,
} from "./schema.ts";

/** Whether to wait, for as long as it takes or until `cancel_wait`, for what there is not now. */
const wait = z.boolean().default(false);

export const OPERATION_ID_MAX = 2_147_483_647;
const operationId = z.int().min(0).max(OPERATION_ID_MAX);

/** The line that begins an operation. */
export const socketOperation = z.strictObject({
  /** Chosen by the client, and in the answer: the same for no two operations at a time. */
  id: operationId,
  verb: z.string(),
  request: z.unknown().optional(),
  /** The Idempotency-Key of HTTP. */
  key: idempotencyKey.optional(),
  /** Of puts of one message each, which share an operation and nothing else: the key of each, in place of `key`. */
  keys: z.array(idempotencyKey).min(1).max(BATCH_MESSAGES_MAX).optional(),
  /** How many of the lines after this one are contents of messages that this operation puts. */
  lines: z.int().min(1).max(BATCH_MESSAGES_MAX).optional(),
});

/** So many messages, whose contents follow each in a line of its own, all put with the same options. */
export const messageRun = messageOptions
  .extend({
    count: z.int().min(1).max(BATCH_MESSAGES_MAX).default(1),
    /** Whether the lines are JSON strings of base64, for what HTTP calls `bytes`. */
    bytes: z.boolean().default(false),
  })
  .refine(ONE_TIME.holds, ONE_TIME.rule);

export const socketPutRequest = putRequest.omit({ timeoutSeconds: true }).extend({
  /** Without, no message has options. */
  messages: z.array(messageRun).min(1).max(BATCH_MESSAGES_MAX).optional(),
  wait,
});
/** The answer to puts that share an operation: for each its id, or null and the problem. */
export const putsReply = z.object({
  ids: z.array(z.string().nullable()),
  /** As in the reply to a put, the positions of those whose message was not stored. */
  duplicates: z.array(z.int()).optional(),
  /** Absent where none was refused. */
  problems: z.array(z.custom<Problem>().nullable()).optional(),
});
export const socketReceiveRequest = receiveRequest.omit({ timeoutSeconds: true }).extend({ wait });
export const socketJoinRequest = joinRequest.omit({ timeoutSeconds: true }).extend({ wait });

/** Lets the queue push so many more messages than it is allowed already. A socket has one subscription. */
export const subscribeRequest = z.strictObject({
  credit: z.int().min(1).max(CREDIT_MAX),
  /** Default: what the queue is configured to. */
  leaseSeconds: leaseSeconds.optional(),
});
export const subscribeReply = z.object({
  /** How many more messages may be pushed. */
  credit: z.int(),
  /** How long the leases of what is pushed last from now on. */
  leaseSeconds: z.number(),
  /** The server's time, by which leases end: seconds since 1970. */
  time: z.number(),
});

/**
 * Says that handlers have begun with these deliveries, so that each counts as an attempt. Not answered: receipts whose
 * lease is over come back as `lost`.
 */
export const beginRequest = z.strictObject({ receipts });

/** Ends waits as if their time were over: each of the operations is answered, unless it was already. */
export const cancelWaitRequest = z.strictObject({ ids: z.array(operationId).min(1).max(SOCKET_WAITS_MAX) });

/** A line that the server sends. */
export type ServerLine =
  /** The answer to an operation. */
  | { id: number; reply: unknown }
  | { id: number; problem: Problem }
  /** Messages for the subscription. */
  | { push: ReceivedMessage[] }
  /** The end of the subscription. */
  | { problem: Problem; id?: undefined }
  /** Operations that waited and that the queue has forgotten: they are to be sent again. */
  | { resend: number[] }
  /** Receipts whose leases are over before their time: the messages were cancelled, removed or taken back. */
  | { lost: string[] };

export type SubscribeRequest = z.input<typeof subscribeRequest>;
export type SubscribeReply = z.output<typeof subscribeReply>;
export type PutsReply = z.output<typeof putsReply>;
export type MessageRun = z.input<typeof messageRun>;
