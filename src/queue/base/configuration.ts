import {
  DEDUPE_SECONDS_DEFAULT,
  IDEMPOTENCY_SECONDS,
  LEASE_SECONDS_DEFAULT,
  MAX_ATTEMPTS_DEFAULT,
  RETRY_DELAY_FACTOR_DEFAULT,
  RETRY_DELAY_JITTER_DEFAULT,
  RETRY_DELAY_SECONDS_DEFAULT,
  RETRY_DELAY_SECONDS_MAX_DEFAULT,
} from "../../contract/limits.ts";

/** In which order visible messages are handed out. */
export type OrderName = "fifo" | "lifo" | "priority";

/** Whether a queue takes and hands out messages for ever; only until what it holds is done; or not any more. */
type Shutdown = "none" | "draining" | "immediate";

/** What can be paused: puts, receives or both. */
export interface Paused {
  puts: boolean;
  receives: boolean;
}

/** For how long the queue knows again what was put. */
interface KeyRules {
  /** A put under its idempotency key. */
  idempotencyMs: number;
  /** A message under its dedupe key. */
  dedupeMs: number;
}

/** What becomes of a message that was not finished: when it is delivered again, and how often. */
export interface Redelivery {
  /** Attempts after which a message is dead; 0 for no limit. */
  maxAttempts: number;
  /** How long it is not visible after its first attempt. */
  retryDelayMs: number;
  /** What the delay is multiplied with after each further attempt; 1 keeps it as it is. */
  retryDelayFactor: number;
  /** The most that it grows to. */
  retryDelayMaxMs: number;
  /** How much of the delay, 0 to 1, may be left out by chance, so that what failed together does not return together. */
  retryDelayJitter: number;
}

/** For how long a message may wait for somebody to take it. */
export interface RetentionRules {
  /** From its put, from the time for which it was put, or from its redrive; 0 for ever. */
  retentionMs: number;
  /** Whether what expired is kept as dead; otherwise it is removed, and counted. */
  deadLetterExpired: boolean;
}

/** What is stored of a queue beside its messages. */
export interface Configuration {
  order: OrderName;
  /** The bound on visible and delayed messages; 0 for none. */
  maxSize: number;
  leaseMs: number;
  /** How many messages of one group may be leased at the same time. */
  maxLeasedPerGroup: number;
  redelivery: Redelivery;
  keys: KeyRules;
  retention: RetentionRules;
  /** Where messages go when they are dead; empty for nowhere. */
  deadLetterQueue: string;
  shutdown: Shutdown;
  paused: Paused;
}

/** Changes of a configuration. What is not given stays as it is. */
export interface Settings
  extends Partial<
    Pick<Configuration, "order" | "maxSize" | "leaseMs" | "maxLeasedPerGroup" | "deadLetterQueue" | "shutdown">
  > {
  redelivery?: Partial<Redelivery>;
  keys?: Partial<KeyRules>;
  retention?: Partial<RetentionRules>;
  paused?: Partial<Paused>;
}

export const DEFAULT_CONFIGURATION: Configuration = {
  order: "fifo",
  maxSize: 0,
  leaseMs: LEASE_SECONDS_DEFAULT * 1_000,
  maxLeasedPerGroup: 1,
  redelivery: {
    maxAttempts: MAX_ATTEMPTS_DEFAULT,
    retryDelayMs: RETRY_DELAY_SECONDS_DEFAULT * 1_000,
    retryDelayFactor: RETRY_DELAY_FACTOR_DEFAULT,
    retryDelayMaxMs: RETRY_DELAY_SECONDS_MAX_DEFAULT * 1_000,
    retryDelayJitter: RETRY_DELAY_JITTER_DEFAULT,
  },
  keys: { idempotencyMs: IDEMPOTENCY_SECONDS * 1_000, dedupeMs: DEDUPE_SECONDS_DEFAULT * 1_000 },
  retention: { retentionMs: 0, deadLetterExpired: false },
  deadLetterQueue: "",
  shutdown: "none",
  paused: { puts: false, receives: false },
};

/** The configuration with the changes; the same object where they change nothing, so that nothing need be stored. */
export function changed(configuration: Configuration, settings: Settings): Configuration {
  const { redelivery, keys, retention, paused } = configuration;
  const result = {
    ...configuration,
    ...settings,
    redelivery: { ...redelivery, ...settings.redelivery },
    keys: { ...keys, ...settings.keys },
    retention: { ...retention, ...settings.retention },
    paused: { ...paused, ...settings.paused },
  };
  return JSON.stringify(result) === JSON.stringify(configuration) ? configuration : result;
}
