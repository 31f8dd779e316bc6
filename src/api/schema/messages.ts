/** Putting messages, and messages as they are handed out and browsed. */
import * as z from "zod";
import { base64CharactersOf, isBase64 } from "../../contract/base64.ts";
import { BODY_BYTES_MAX, DELAY_SECONDS_MAX, PRIORITY_DEFAULT, PRIORITY_MAX } from "../../contract/limits.ts";
import { DEATH_REASONS, STATE_NAMES } from "../../contract/states.ts";
import { group, idempotencyKey, seconds } from "./fields.ts";
import { headers } from "./headers.ts";
import { messageRules } from "./settings.ts";

/** 0 to 255. Stored with every message; it decides the order only in a priority queue. */
export const priority = z.int().min(0).max(PRIORITY_MAX);

/** The options of a message that is put. */
export const messageOptions = z.strictObject({
  priority: priority.default(PRIORITY_DEFAULT),
  /** The message is not visible before this time has passed. */
  delaySeconds: seconds.max(DELAY_SECONDS_MAX).default(0),
  /** The message is not visible before this time, in seconds since 1970: at most 366 days from now. */
  at: z.number().min(0).optional(),
  /** Within `dedupeSeconds` after a message with this key, others with it are not stored; their id is that one's. */
  dedupeKey: idempotencyKey.optional(),
  /** The dedupe key counts until the message is done, cancelled, purged or dead, instead of for `dedupeSeconds`. */
  dedupeUntil: z.literal("done").optional(),
  group: group.optional(),
  headers: headers.optional(),
  ...messageRules,
});

/** `delaySeconds` and `at` are mutually exclusive. */
export const DELAY_XOR_AT = {
  holds: (options: { at?: number | undefined; delaySeconds?: number | undefined }) =>
    options.at === undefined || (options.delaySeconds ?? 0) === 0,
  rule: { error: "must not have both delaySeconds and at" },
};

/** `dedupeUntil` says how long a key counts, so there must be one. */
export const KEY_FOR_UNTIL = {
  holds: (options: { dedupeKey?: string | undefined; dedupeUntil?: "done" | undefined }) =>
    options.dedupeUntil === undefined || options.dedupeKey !== undefined,
  rule: { error: "must have a dedupeKey if it has dedupeUntil" },
};

/** A text that is longer than the largest message passes unread: the check of sizes refuses it as too large. */
export const bytes = z
  .string()
  .refine((text) => text.length > base64CharactersOf(BODY_BYTES_MAX) || isBase64(text), { error: "must be base64" });

/** A message to put: any JSON value as `body`, or bytes as base64 in `bytes`. */
export const newMessage = messageOptions
  .extend({ body: z.unknown().optional(), bytes: bytes.optional() })
  .refine(DELAY_XOR_AT.holds, DELAY_XOR_AT.rule)
  .refine(KEY_FOR_UNTIL.holds, KEY_FOR_UNTIL.rule)
  .refine((message) => (message.body === undefined) !== (message.bytes === undefined), {
    error: "must have either body or bytes",
  });

/** Why a message is dead: begun `maxAttempts` times, older than `retentionSeconds`, or rejected by a retry. */
const deathReason = z.enum(DEATH_REASONS);

/** The history of a message that died in another queue and was moved to this one, its `deadLetterQueue`. */
const deadLetter = z.strictObject({
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
export const receivedMessage = z.strictObject({
  id: z.string(),
  body: z.unknown().optional(),
  bytes: z.base64().optional(),
  priority: z.int(),
  group: z.string().optional(),
  headers: z.record(z.string(), z.string()).optional(),
  /** Its own settings, where it has them. */
  maxAttempts: z.int().optional(),
  retryDelaySeconds: z.number().optional(),
  retentionSeconds: z.number().optional(),
  resultSeconds: z.number().optional(),
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
export const messageState = z.enum(STATE_NAMES);

/** A message as it is browsed. Which of the times it has depends on its state. */
export const messageView = z.strictObject({
  id: z.string(),
  /** In a list, where that is not its id: the `cursor` of a request that goes on behind this message. */
  cursor: z.string().optional(),
  state: messageState,
  body: z.unknown().optional(),
  bytes: z.base64().optional(),
  priority: z.int(),
  group: z.string().optional(),
  headers: z.record(z.string(), z.string()).optional(),
  /** Its own settings, where it has them. */
  maxAttempts: z.int().optional(),
  retryDelaySeconds: z.number().optional(),
  retentionSeconds: z.number().optional(),
  resultSeconds: z.number().optional(),
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
/** A request about one message. */
export const messageRequest = z.strictObject({ id: z.string() });

export type ReceivedMessage = z.output<typeof receivedMessage>;
export type MessageView = z.output<typeof messageView>;
