/** Queues themselves: their list, their settings and their description. */
import * as z from "zod";
import {
  DELAY_SECONDS_MAX,
  IDEMPOTENCY_SECONDS,
  KEY_SECONDS_MAX,
  LIST_LIMIT_DEFAULT,
  LIST_LIMIT_MAX,
  MAX_ATTEMPTS_MAX,
  MAX_LEASED_PER_GROUP_MAX,
  MAX_SIZE_MAX,
  RETENTION_SECONDS_MAX,
} from "../limits.ts";
import { leaseSeconds, queueName, seconds } from "./fields.ts";

/** `priority`: lowest first, first in first out among equals. */
const order = z.enum(["fifo", "lifo", "priority"]);

/** The settings of a queue. Fields that are absent stay as they are. */
export const configureRequest = z.strictObject({
  /** Default fifo. Refused with `order_conflict` while the queue holds messages in another order. */
  order: order.optional(),
  /** How many messages may be visible or delayed before a put waits or is refused; 0 for no bound. */
  maxSize: z.int().min(0).max(MAX_SIZE_MAX).optional(),
  leaseSeconds: leaseSeconds.optional(),
  /** How many messages of one group may be leased, or wait for their next attempt, at the same time. Default 1. */
  maxLeasedPerGroup: z.int().min(1).max(MAX_LEASED_PER_GROUP_MAX).optional(),
  /** Attempts after which a message that was not acked is dead. Default 10; 0 for no limit. */
  maxAttempts: z.int().min(0).max(MAX_ATTEMPTS_MAX).optional(),
  /** How long a message is not visible after its first attempt. Default 1. */
  retryDelaySeconds: seconds.max(DELAY_SECONDS_MAX).optional(),
  /** The factor by which the delay grows after each further attempt. Default 2. */
  retryDelayFactor: z.number().min(1).max(100).optional(),
  /** The longest delay. Default 300. */
  retryDelayMaxSeconds: seconds.max(DELAY_SECONDS_MAX).optional(),
  /** How much of the delay may be left out by chance, 0 to 1. Default 0.5. */
  retryDelayJitter: z.number().min(0).max(1).optional(),
  /** For how long an `Idempotency-Key` is remembered. Default and at least 300. */
  idempotencySeconds: z.number().min(IDEMPOTENCY_SECONDS).max(KEY_SECONDS_MAX).optional(),
  /** For how long a message suppresses others with its `dedupeKey`. Default 300. */
  dedupeSeconds: z.number().min(1).max(KEY_SECONDS_MAX).optional(),
  /**
   * How long after its put, after the time for which it was put or after a redrive a message expires, unless it is
   * leased then: at least 1. Default 0: never.
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

export const queueDescription = z.object({
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
  /** Including messages that wait for their group. */
  visible: z.int(),
  delayed: z.int(),
  leased: z.int(),
  /** Begun `maxAttempts` times and not acked, expired or rejected, and not moved to a dead-letter queue. */
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

export const deleteReply = z.object({ deleted: z.boolean() });

export const queuesQuery = z.strictObject({
  prefix: z.string().max(128).default(""),
  /** The `cursor` of the page before. */
  cursor: z.string().max(128).default(""),
  limit: z.coerce.number().int().min(1).max(LIST_LIMIT_MAX).default(LIST_LIMIT_DEFAULT),
});
export const queuesReply = z.object({
  queues: z.array(z.object({ name: z.string() })),
  /** Null on the last page. */
  cursor: z.string().nullable(),
});
