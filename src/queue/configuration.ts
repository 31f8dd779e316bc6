import {
  DEDUPE_SECONDS_DEFAULT,
  IDEMPOTENCY_SECONDS,
  LEASE_SECONDS_DEFAULT,
  MAX_ATTEMPTS_DEFAULT,
  RETRY_DELAY_FACTOR_DEFAULT,
  RETRY_DELAY_JITTER_DEFAULT,
  RETRY_DELAY_SECONDS_DEFAULT,
  RETRY_DELAY_SECONDS_MAX_DEFAULT,
} from "../contract/limits.ts";
import type { OrderName } from "./orders.ts";
import type { Redelivery } from "./redelivery.ts";
import type { RetentionRules } from "./retention.ts";

/** Whether a queue takes and hands out messages for ever; only until what it holds is done; or not any more. */
type Shutdown = "none" | "draining" | "immediate";

/** What can be paused: puts, receives or both. */
export interface Paused {
  puts: boolean;
  receives: boolean;
}

/** For how long the queue knows again what was put. */
export interface KeyRules {
  /** A put under its idempotency key. */
  idempotencyMs: number;
  /** A message under its dedupe key. */
  dedupeMs: number;
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
