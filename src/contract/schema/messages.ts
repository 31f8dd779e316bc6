/** Putting messages, and messages as they are handed out and browsed. */
import * as z from "zod";
import { base64CharactersOf, isBase64 } from "../base64.ts";
import {
  BATCH_MESSAGES_MAX,
  BODY_BYTES_MAX,
  DELAY_SECONDS_MAX,
  LIST_LIMIT_DEFAULT,
  LIST_LIMIT_MAX,
  PRIORITY_DEFAULT,
  PRIORITY_MAX,
} from "../limits.ts";
import { group, idempotencyKey, seconds, waitSeconds } from "./fields.ts";

/** The options of a message that is put. */
export const messageOptions = z.strictObject({
  /** 0 to 255. Stored with every message; it decides the order only in a priority queue. */
  priority: z.int().min(0).max(PRIORITY_MAX).default(PRIORITY_DEFAULT),
  /** The message is not visible before this time has passed. */
  delaySeconds: seconds.max(DELAY_SECONDS_MAX).default(0),
  /** The message is not visible before this time, in seconds since 1970: at most 366 days from now. */
  at: z.number().min(0).optional(),
  /** Within `dedupeSeconds` after a message with this key, others with it are not stored; their id is that one's. */
  dedupeKey: idempotencyKey.optional(),
  group: group.optional(),
});

/** `delaySeconds` and `at` are mutually exclusive. */
export const DELAY_XOR_AT = {
  holds: (options: { at?: number | undefined; delaySeconds: number }) =>
    options.at === undefined || options.delaySeconds === 0,
  rule: { error: "must not have both delaySeconds and at" },
};

/** A text that is longer than the largest message passes unread: the check of sizes refuses it as too large. */
const bytes = z
  .string()
  .refine((text) => text.length > base64CharactersOf(BODY_BYTES_MAX) || isBase64(text), { error: "must be base64" });

/** A message to put: any JSON value as `body`, or bytes as base64 in `bytes`. */
export const newMessage = messageOptions
  .extend({ body: z.unknown().optional(), bytes: bytes.optional() })
  .refine(DELAY_XOR_AT.holds, DELAY_XOR_AT.rule)
  .refine((message) => (message.body === undefined) !== (message.bytes === undefined), {
    error: "must have either body or bytes",
  });

export const putRequest = z.strictObject({
  messages: z.array(newMessage).min(1).max(BATCH_MESSAGES_MAX),
  timeoutSeconds: waitSeconds,
});
export const putReply = z.object({
  /** As many as the messages, in their order. */
  ids: z.array(z.string()),
  /**
   * The positions in the request, from 0 and ascending, of messages that were not stored because their `dedupeKey` is
   * known or came before in the request: their ids are those of the messages that have it. Absent if all were stored.
   */
  duplicates: z.array(z.int()).optional(),
});

/** Why a message is dead: begun `maxAttempts` times, older than `retentionSeconds`, or rejected by a retry. */
const deathReason = z.enum(["max_attempts", "expired", "rejected"]);

/** The history of a message that died in another queue and was moved to this one, its `deadLetterQueue`. */
const deadLetter = z.object({
  queue: z.string(),
  /** Its id in that queue. */
  id: z.string(),
  reason: deathReason,
  attempts: z.int(),
  firstPutAt: z.number(),
  diedAt: z.number(),
  /** The error of its last retry. */
  lastError: z.string().optional(),
});
export const receivedMessage = z.object({
  id: z.string(),
  body: z.unknown().optional(),
  bytes: z.base64().optional(),
  priority: z.int(),
  group: z.string().optional(),
  /** How often a handler has begun with this message, this time included: from 1. */
  attempt: z.int(),
  putAt: z.number(),
  /** When the message became visible, if it was put for later. */
  at: z.number().optional(),
  /** The token of this lease. Absent with autoAck. */
  receipt: z.string().optional(),
  /** Absent with autoAck. */
  leaseEndsAt: z.number().optional(),
  /** The error of the last retry. */
  lastError: z.string().optional(),
  deadLetter: deadLetter.optional(),
});

/** The states of a message in the queue; `transferring` is on its way to another queue. */
const messageState = z.enum(["visible", "delayed", "leased", "dead", "transferring"]);

export const messagesQuery = z.strictObject({
  /** Default: all. */
  state: messageState.optional(),
  /** The `cursor` of the page before. */
  cursor: z.string().max(128).default(""),
  limit: z.coerce.number().int().min(1).max(LIST_LIMIT_MAX).default(LIST_LIMIT_DEFAULT),
});
/** A message as it is browsed. Which of the times it has depends on its state. */
export const messageView = z.object({
  id: z.string(),
  state: messageState,
  body: z.unknown().optional(),
  bytes: z.base64().optional(),
  priority: z.int(),
  group: z.string().optional(),
  /** How often a handler has begun with it. */
  attempts: z.int(),
  putAt: z.number(),
  at: z.number().optional(),
  visibleAt: z.number().optional(),
  leaseEndsAt: z.number().optional(),
  diedAt: z.number().optional(),
  reason: deathReason.optional(),
  lastError: z.string().optional(),
  deadLetter: deadLetter.optional(),
});
export const messagesReply = z.object({
  /** In the order of their puts. A page may be short, or even empty, before the last. */
  messages: z.array(messageView),
  /** Null on the last page. */
  cursor: z.string().nullable(),
  /** Of a damaged queue: how many stored rows of this page could not be read, or not in full. */
  damagedRows: z.int().optional(),
});

/** A request about one message. */
export const messageRequest = z.strictObject({ id: z.string() });
