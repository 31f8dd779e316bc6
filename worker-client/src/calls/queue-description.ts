/** In which order a queue hands out its messages. */
export type Order = "fifo" | "lifo" | "priority";

/** What can be configured of a queue. Options that are not given stay as they are. */
export interface QueueOptions {
  /** How many messages may wait (visible or delayed) before `put` waits or throws `Full`. Default 0: no bound. */
  maxSize?: number | undefined;
  /** How long a lease lasts when `receive` does not say: 1 to 43,200. Default 30. */
  leaseSeconds?: number | undefined;
  /**
   * How many messages of one group may be leased, or wait for their next attempt, at the same time: 1 to 1,000,000.
   * Default 1.
   */
  maxLeasedPerGroup?: number | undefined;
  /** Attempts after which a message that was not acked is dead: 0 to 1,000,000. Default 10; 0 for no limit. */
  maxAttempts?: number | undefined;
  /** How long a message is not visible after its first attempt, given back or not. Default 1, at most 366 days. */
  retryDelaySeconds?: number | undefined;
  /** What the delay is multiplied with after each further attempt: 1 to 100. Default 2. */
  retryDelayFactor?: number | undefined;
  /** The most that the delay grows to. Default 300, at most 366 days. */
  retryDelayMaxSeconds?: number | undefined;
  /** How much of the delay may be left out at random: 0 to 1. Default 0.5. */
  retryDelayJitter?: number | undefined;
  /** For how long a put is known again under its `idempotencyKey`: 300 to 86,400. Default 300. */
  idempotencySeconds?: number | undefined;
  /** For how long an item suppresses others with its `dedupeKey`: 1 to 86,400. Default 300. */
  dedupeSeconds?: number | undefined;
  /**
   * How long after its put, after the time for which it was put or after a redrive a message expires, unless it
   * is leased then: 1 second to 366 days. Default 0: never.
   */
  retentionSeconds?: number | undefined;
  /** Whether an expired message is dead. Default false: it is removed, and counted as `expired`. */
  deadLetterExpired?: boolean | undefined;
  /** The queue to which dead messages go. Default null: they are kept in their places, as `dead`. */
  deadLetterQueue?: string | null | undefined;
  /**
   * In which order messages are handed out. Default `fifo`; `priority` hands out the lowest number first and is FIFO
   * among equals. Can be changed only while the queue holds nothing: else `configure` throws `OrderConflict`.
   */
  order?: Order | undefined;
}

type Given<Value> = Exclude<Value, undefined>;

/** A queue's configuration and counts. */
export interface QueueDescription extends Required<{ [Option in keyof QueueOptions]: Given<QueueOptions[Option]> }> {
  name: string;
  /** `draining`: refuses puts, and receives once it holds nothing. `immediate`: refuses both and holds nothing. */
  shutdown: "none" | "draining" | "immediate";
  paused: { puts: boolean; receives: boolean };
  /** Messages that a receive may take now, and those that only wait for their group. */
  visible: number;
  /** Messages that wait for their time. */
  delayed: number;
  /** Messages that a consumer has received and not acked yet. */
  leased: number;
  /**
   * Messages that were delivered `maxAttempts` times and not acked, that expired or were given up. They go to the
   * `deadLetterQueue`; without one they stay until `redrive`, `cancel` or `purge`.
   */
  dead: number;
  /** Messages that are sent to another queue, which has not confirmed them yet. */
  transferring: number;
  /** Put and not yet done: what `join` waits for. A dead message counts as done. */
  unfinished: number;
  /**
   * Messages ever put. accepted = visible + delayed + leased + dead + transferring + done + purged + expired +
   * transferred.
   */
  accepted: number;
  /** Messages removed because they were acked or taken. */
  done: number;
  purged: number;
  /** Messages removed because they were older than `retentionSeconds`. */
  expired: number;
  /** Messages that have arrived in another queue, as dead letters or by a redrive. */
  transferred: number;
  /** The age of the oldest message; 0 when there is none. */
  oldestSeconds: number;
  storageBytes: number;
  /** What Cloudflare would bill as rows written since the queue was created. */
  rowsWritten: number;
}
