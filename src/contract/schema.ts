/**
 * What can be said to the server and what it answers: the one description of the HTTP interface. The server checks
 * requests with these schemas, and the client takes its types from them.
 *
 * Times are seconds, fractions allowed; points in time are seconds since 1970. Unknown fields are refused.
 */
import * as z from "zod";
import { base64CharactersOf, isBase64 } from "./base64.ts";
import {
  BATCH_MESSAGES_MAX,
  BODY_BYTES_MAX,
  DELAY_SECONDS_MAX,
  ERROR_CHARACTERS_MAX,
  GROUP_CHARACTERS_MAX,
  IDEMPOTENCY_KEY_CHARACTERS_MAX,
  IDEMPOTENCY_SECONDS,
  KEY_SECONDS_MAX,
  LEASE_SECONDS_MAX,
  LEASE_SECONDS_MIN,
  LIST_LIMIT_DEFAULT,
  LIST_LIMIT_MAX,
  MAX_ATTEMPTS_MAX,
  MAX_LEASED_PER_GROUP_MAX,
  MAX_SIZE_MAX,
  PRIORITY_DEFAULT,
  PRIORITY_MAX,
  QUEUE_NAME_PATTERN,
  RECEIPT_CHARACTERS_MAX,
  RECEIPTS_MAX,
  REDRIVE_MAX,
  RETENTION_SECONDS_MAX,
  WAIT_SECONDS_MAX,
} from "./limits.ts";

// Workers refuse code made from strings, so zod's compiled fast path would only fail once and then be given up.
z.config({ jitless: true });

const seconds = z.number().min(0);
/** Tokens of leases. */
export const receipts = z.array(z.string().min(1).max(RECEIPT_CHARACTERS_MAX)).min(1).max(RECEIPTS_MAX);

export const queueName = z.string().regex(QUEUE_NAME_PATTERN, {
  error: "must be 1 to 128 of A-Z a-z 0-9 . _ - and begin with a letter or a digit",
});

/** How long a call may wait at the server; 0, the default, means now or not at all. */
const waitSeconds = seconds.max(WAIT_SECONDS_MAX).default(0);

export const leaseSeconds = z.number().min(LEASE_SECONDS_MIN).max(LEASE_SECONDS_MAX);

/** The length is looked at first: what is too long is not looked at any further. */
function visibleText(charactersMax: number) {
  return z
    .string()
    .max(charactersMax, { abort: true })
    .regex(/^[\x21-\x7e]+$/, { error: "must be visible ASCII characters without spaces" });
}

export const idempotencyKey = visibleText(IDEMPOTENCY_KEY_CHARACTERS_MAX);

/** What belongs together: at most `maxLeasedPerGroup` messages of a group are leased at the same time, in their order. */
const group = visibleText(GROUP_CHARACTERS_MAX);

/** What can be said of a message that is put, beside its content. */
export const messageOptions = z.strictObject({
  /** 0 to 255. Carried along; it decides the order only in a priority queue. */
  priority: z.int().min(0).max(PRIORITY_MAX).default(PRIORITY_DEFAULT),
  /** The message is not visible before this time has passed. */
  delaySeconds: seconds.max(DELAY_SECONDS_MAX).default(0),
  /** The message is not visible before this time, in seconds since 1970: at most 366 days from now. */
  at: z.number().min(0).optional(),
  /** Within `dedupeSeconds` after a message with this key, others with it are not stored; their id is that one's. */
  dedupeKey: idempotencyKey.optional(),
  group: group.optional(),
});

/** One of them says when the message is visible, not both. */
export const ONE_TIME = {
  holds: (options: { at?: number | undefined; delaySeconds: number }) =>
    options.at === undefined || options.delaySeconds === 0,
  rule: { error: "must not have both delaySeconds and at" },
};

/** What is longer than any message may be is let pass unread: it is refused as too large by who counts the bytes. */
const bytes = z
  .string()
  .refine((text) => text.length > base64CharactersOf(BODY_BYTES_MAX) || isBase64(text), { error: "must be base64" });

/** A message to put: any JSON value as `body`, or anything else as base64 in `bytes`. */
export const newMessage = messageOptions
  .extend({ body: z.unknown().optional(), bytes: bytes.optional() })
  .refine(ONE_TIME.holds, ONE_TIME.rule)
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
   * known or came before in the request: their ids are those of the messages that have it. Absent where all were stored.
   */
  duplicates: z.array(z.int()).optional(),
});

export const receiveRequest = z.strictObject({
  /** The most messages to hand out. */
  max: z.int().min(1).max(BATCH_MESSAGES_MAX).default(1),
  /** Default: what the queue is configured to. */
  leaseSeconds: leaseSeconds.optional(),
  timeoutSeconds: waitSeconds,
  /** Removes the messages as they are handed out, so that a lost reply loses them; they stay unfinished until done. */
  autoAck: z.boolean().default(false),
});
/** Why a message is dead: begun `maxAttempts` times, older than `retentionSeconds`, or given up by a retry. */
const deathReason = z.enum(["max_attempts", "expired", "rejected"]);

/** What a message says that died in another queue and came to this one, its `deadLetterQueue`. */
const deadLetter = z.object({
  queue: z.string(),
  /** Its id there. */
  id: z.string(),
  reason: deathReason,
  attempts: z.int(),
  firstPutAt: z.number(),
  diedAt: z.number(),
  /** What its last retry gave as its error. */
  lastError: z.string().optional(),
});
const receivedMessage = z.object({
  id: z.string(),
  body: z.unknown().optional(),
  bytes: z.base64().optional(),
  priority: z.int(),
  group: z.string().optional(),
  /** How often a handler has begun with this message, this time included: from 1. */
  attempt: z.int(),
  putAt: z.number(),
  /** When it was to be visible, where it was put for later. */
  at: z.number().optional(),
  /** The token of this lease. Absent with autoAck. */
  receipt: z.string().optional(),
  /** Absent with autoAck. */
  leaseEndsAt: z.number().optional(),
  /** What the last retry gave as its error. */
  lastError: z.string().optional(),
  deadLetter: deadLetter.optional(),
});
const receiveReply = z.object({
  messages: z.array(receivedMessage),
  /** How long the leases of the messages last. Absent where there are no messages, and with autoAck. */
  leaseSeconds: z.number().optional(),
});

export const ackRequest = z.strictObject({
  receipts,
  /** False takes the messages but leaves them unfinished until `done`: how Python's `get` and `task_done` split it. */
  finish: z.boolean().default(true),
});
/** `stale`: receipts whose lease is over, or that were never given. They changed nothing. */
const ackReply = z.object({ acked: z.int(), stale: z.array(z.string()) });

export const retryRequest = z
  .strictObject({
    receipts,
    /** Default: what the queue's `retryDelay…` say. */
    delaySeconds: seconds.max(DELAY_SECONDS_MAX).optional(),
    /** Why this attempt failed; handed out with the next delivery as `lastError`. */
    error: z.string().max(ERROR_CHARACTERS_MAX).optional(),
    /** Gives the messages up: they are dead at once, with the reason `rejected`, however often they were delivered. */
    dead: z.boolean().default(false),
    /** False gives back at once what nobody has begun to work on: the delivery does not count as an attempt. */
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
const retryReply = z.object({ retried: z.int(), stale: z.array(z.string()) });

export const extendRequest = z.strictObject({
  receipts,
  /** The leases end this long from now. */
  leaseSeconds,
});
const extendReply = z.object({ extended: z.int(), stale: z.array(z.string()), leaseEndsAt: z.number() });

export const doneRequest = z.strictObject({ count: z.int().min(1).max(1_000_000).default(1) });
const doneReply = z.object({ unfinished: z.int() });

export const joinRequest = z.strictObject({ timeoutSeconds: waitSeconds });
const joinReply = z.object({ finished: z.boolean() });

/** Where a message is that is still in the queue; `transferring` is on its way to another one. */
const messageState = z.enum(["visible", "delayed", "leased", "dead", "transferring"]);

export const messagesQuery = z.strictObject({
  /** Default: all. */
  state: messageState.optional(),
  /** What the page before returned. */
  cursor: z.string().max(128).default(""),
  limit: z.coerce.number().int().min(1).max(LIST_LIMIT_MAX).default(LIST_LIMIT_DEFAULT),
});
/** A message that is looked at. Which of the times it has depends on its state. */
const messageView = z.object({
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
const messagesReply = z.object({
  /** In the order of their puts. A page may be short, or even empty, before the last. */
  messages: z.array(messageView),
  /** Null on the last page. */
  cursor: z.string().nullable(),
  /** Of a damaged queue: how many stored rows of this page could not be read, or not in full. */
  damagedRows: z.int().optional(),
});

/**
 * Another chance for these dead letters, or for the first `max`. What died here is visible again in its place, with all
 * its attempts before it. What died in another queue goes back there, to the end, and everything goes to `to` if that
 * is given. A call redrives to one queue, at most 1,000 messages or 8 MiB to another one.
 */
export const redriveRequest = z.strictObject({
  ids: z.array(z.string().min(1).max(128)).min(1).max(RECEIPTS_MAX).optional(),
  max: z.int().min(1).max(REDRIVE_MAX).default(REDRIVE_MAX),
  /** Another queue. */
  to: queueName.optional(),
  /** Only what died in this other queue. */
  from: queueName.optional(),
});
/** `left`: how many dead letters are left. */
const redriveReply = z.object({ redriven: z.int(), left: z.int() });

/** About one message. */
export const messageRequest = z.strictObject({ id: z.string() });

/** What needs nothing said. */
export const emptyRequest = z.strictObject({});

export const purgeRequest = z.strictObject({ only: z.literal("dead").optional() });
const purgeReply = z.object({ purged: z.int() });

/** `immediate` discards what nobody holds, and what comes back. */
export const shutdownRequest = z.strictObject({ immediate: z.boolean().default(false) });

/** What to pause or to resume; without `only`, both. */
export const pauseRequest = z.strictObject({ only: z.enum(["puts", "receives"]).optional() });

/** `priority`: lowest first, first in first out among equals. */
const order = z.enum(["fifo", "lifo", "priority"]);

/** What can be configured. Fields that are not given stay as they are. */
export const configureRequest = z.strictObject({
  /** Default fifo. Refused with `order_conflict` while the queue holds messages in another order. */
  order: order.optional(),
  /** How many messages may wait (visible or delayed) before a put waits or is refused; 0 for no bound. */
  maxSize: z.int().min(0).max(MAX_SIZE_MAX).optional(),
  leaseSeconds: leaseSeconds.optional(),
  /** How many messages of one group may be leased, or wait for their next attempt, at the same time. Default 1. */
  maxLeasedPerGroup: z.int().min(1).max(MAX_LEASED_PER_GROUP_MAX).optional(),
  /** Attempts after which a message that was not acked is dead. Default 10; 0 for no limit. */
  maxAttempts: z.int().min(0).max(MAX_ATTEMPTS_MAX).optional(),
  /** How long a message is not visible after its first attempt. Default 1. */
  retryDelaySeconds: seconds.max(DELAY_SECONDS_MAX).optional(),
  /** What that is multiplied with after each further attempt. Default 2. */
  retryDelayFactor: z.number().min(1).max(100).optional(),
  /** The most that it grows to. Default 300. */
  retryDelayMaxSeconds: seconds.max(DELAY_SECONDS_MAX).optional(),
  /** How much of the delay may be left out by chance, 0 to 1. Default 0.5. */
  retryDelayJitter: z.number().min(0).max(1).optional(),
  /** For how long an `Idempotency-Key` is remembered. Default and at least 300. */
  idempotencySeconds: z.number().min(IDEMPOTENCY_SECONDS).max(KEY_SECONDS_MAX).optional(),
  /** For how long a message suppresses others with its `dedupeKey`. Default 300. */
  dedupeSeconds: z.number().min(1).max(KEY_SECONDS_MAX).optional(),
  /**
   * How long after its put, after the time for which it was put or after a redrive a message expires, unless somebody
   * holds it then: at least 1. Default 0: never.
   */
  retentionSeconds: seconds
    .max(RETENTION_SECONDS_MAX)
    .refine((value) => value === 0 || value >= 1, { error: "must be 0 or at least 1" })
    .optional(),
  /** Whether an expired message is dead, with the reason `expired`. Default false: it is removed, and counted. */
  deadLetterExpired: z.boolean().optional(),
  /** The queue to which dead messages go. Default null: they are kept in their places. */
  deadLetterQueue: queueName.nullable().optional(),
});

const queueDescription = z.object({
  name: z.string(),
  order,
  maxSize: z.int(),
  leaseSeconds: z.number(),
  maxLeasedPerGroup: z.int(),
  maxAttempts: z.int(),
  retryDelaySeconds: z.number(),
  retryDelayFactor: z.number(),
  retryDelayMaxSeconds: z.number(),
  retryDelayJitter: z.number(),
  idempotencySeconds: z.number(),
  dedupeSeconds: z.number(),
  retentionSeconds: z.number(),
  deadLetterExpired: z.boolean(),
  deadLetterQueue: z.string().nullable(),
  /** `draining`: refuses puts, and receives once it holds nothing. `immediate`: refuses both and holds nothing. */
  shutdown: z.enum(["none", "draining", "immediate"]),
  paused: z.object({ puts: z.boolean(), receives: z.boolean() }),
  /** Those that a receive may take now, and those that only wait for their group. */
  visible: z.int(),
  delayed: z.int(),
  leased: z.int(),
  /** Begun `maxAttempts` times and not acked, expired or given up, and not moved to a dead-letter queue. */
  dead: z.int(),
  /** On their way to another queue, and not yet known to have arrived. */
  transferring: z.int(),
  /** Put and not yet done, as Python counts it for join. A dead message counts as done. */
  unfinished: z.int(),
  /** Since the queue was created. accepted = visible + delayed + leased + dead + transferring + done + purged + expired + transferred. */
  accepted: z.int(),
  done: z.int(),
  purged: z.int(),
  expired: z.int(),
  /** Arrived in another queue, as dead letters or by a redrive. */
  transferred: z.int(),
  /** The age of the oldest message in the queue; 0 when there is none. */
  oldestSeconds: z.number(),
  storageBytes: z.int(),
  /** What Cloudflare would bill since the queue was created. After a crash it may lack the last commit's rows. */
  rowsWritten: z.int(),
});

const deleteReply = z.object({ deleted: z.boolean() });

export const listQuery = z.strictObject({
  prefix: z.string().max(128).default(""),
  /** What the page before returned. */
  cursor: z.string().max(128).default(""),
  limit: z.coerce.number().int().min(1).max(LIST_LIMIT_MAX).default(LIST_LIMIT_DEFAULT),
});
const listReply = z.object({
  queues: z.array(z.object({ name: z.string() })),
  /** Null on the last page. */
  cursor: z.string().nullable(),
});

export type PutRequest = z.input<typeof putRequest>;
export type PutReply = z.output<typeof putReply>;
export type ReceiveRequest = z.input<typeof receiveRequest>;
export type ReceivedMessage = z.output<typeof receivedMessage>;
export type ReceiveReply = z.output<typeof receiveReply>;
export type AckReply = z.output<typeof ackReply>;
export type RetryRequest = z.input<typeof retryRequest>;
export type RetryReply = z.output<typeof retryReply>;
export type ExtendReply = z.output<typeof extendReply>;
export type RedriveRequest = z.input<typeof redriveRequest>;
export type DoneReply = z.output<typeof doneReply>;
export type JoinReply = z.output<typeof joinReply>;
export type MessagesReply = z.output<typeof messagesReply>;
export type MessageView = z.output<typeof messageView>;
export type RedriveReply = z.output<typeof redriveReply>;
export type PurgeReply = z.output<typeof purgeReply>;
export type ConfigureRequest = z.input<typeof configureRequest>;
export type QueueDescription = z.output<typeof queueDescription>;
export type DeleteReply = z.output<typeof deleteReply>;
export type ListReply = z.output<typeof listReply>;
