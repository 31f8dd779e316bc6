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

/** "none": messages are taken and handed out; "draining": only handed out; "immediate": neither. */
type Shutdown = "none" | "draining" | "immediate";

/** Whether puts and receives are paused. */
export interface Paused {
  puts: boolean;
  receives: boolean;
}

/** How long keys are remembered, in milliseconds. */
interface KeyRules {
  /** The idempotency key of a put. */
  idempotencyMs: number;
  /** The dedupe key of a message. */
  dedupeMs: number;
}

/** When a message that was not finished is delivered again, and how often. */
export interface Redelivery {
  /** Attempts after which a message is dead; 0 for no limit. */
  maxAttempts: number;
  /** How long it is delayed after its first attempt. */
  retryDelayMs: number;
  /** What the delay is multiplied with after each further attempt; 1 keeps it as it is. */
  retryDelayFactor: number;
  /** The longest delay. */
  retryDelayMaxMs: number;
  /** By how much of itself, 0 to 1, a delay may be shortened at random, so that messages that fail together return apart. */
  retryDelayJitter: number;
}

/** How long a message may wait to be received. */
export interface RetentionRules {
  /** From its put, from the time for which it was put, or from its redrive; 0 for no limit. */
  retentionMs: number;
  /** Whether an expired message is kept as dead; otherwise it is removed and counted. */
  deadLetterExpired: boolean;
}

/** The settings of a queue. */
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
  /** The queue to which dead messages go; empty if they stay. */
  deadLetterQueue: string;
  shutdown: Shutdown;
  paused: Paused;
}

/** Changes of a configuration. Settings that are absent stay as they are. */
export interface Settings
  extends Partial<
    Pick<Configuration, "order" | "maxSize" | "leaseMs" | "maxLeasedPerGroup" | "deadLetterQueue" | "shutdown">
  > {
  redelivery?: Partial<Redelivery>;
  keys?: Partial<KeyRules>;
  retention?: Partial<RetentionRules>;
  paused?: Partial<Paused>;
}

/** The configuration of a queue of which nothing was configured. */
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

/** The configuration with the changes; the same object if they change nothing, so that nothing is stored for them. */
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
