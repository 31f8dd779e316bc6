/**
 * The operations of a queue's socket. A frame is text of one or more lines, each a JSON value; docs/socket.md has it in
 * full. The requests are those of HTTP, but waits have no timeout: they end when they are served or cancelled.
 */
import * as z from "zod";
import { BATCH_MESSAGES_MAX } from "../../contract/limits.ts";
import type { Problem } from "../../contract/problems.ts";
import { idempotencyKey } from "./fields.ts";
import { DELAY_XOR_AT, KEY_FOR_UNTIL, messageOptions } from "./messages.ts";

/** Whether the operation waits until it can be served, or until `cancel_wait`: in place of `timeoutSeconds`. */
export const wait = z.boolean().default(false);

export const OPERATION_ID_MAX = 2_147_483_647;
export const operationId = z.int().min(0).max(OPERATION_ID_MAX);

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
  /** How many of the lines after this one are contents of messages that this operation puts, or results of what it acks. */
  lines: z.int().min(1).max(BATCH_MESSAGES_MAX).optional(),
});

/** `count` messages with the same options; the payload of each follows in a line of its own. */
export const messageRun = messageOptions
  .extend({
    count: z.int().min(1).max(BATCH_MESSAGES_MAX).default(1),
    /** Whether the lines are JSON strings of base64: the `bytes` of HTTP. */
    bytes: z.boolean().default(false),
  })
  .refine(DELAY_XOR_AT.holds, DELAY_XOR_AT.rule)
  .refine(KEY_FOR_UNTIL.holds, KEY_FOR_UNTIL.rule);

export const socketPutRequest = z.strictObject({
  /** Absent if no message has options. */
  messages: z.array(messageRun).min(1).max(BATCH_MESSAGES_MAX).optional(),
  wait,
});
/** The reply to puts that share an operation: for each its id, or null and the problem. */
export const putsReply = z.strictObject({
  ids: z.array(z.string().nullable()),
  /** As in the reply to a put, the positions of messages that were not stored. */
  duplicates: z.array(z.int()).optional(),
  /** Absent if no put was refused. */
  problems: z.array(z.custom<Problem>().nullable()).optional(),
});
