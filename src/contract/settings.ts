/**
 * The settings of a queue: the one list of them. The schema of `configure`, the description, the defaults, the
 * configuration of the state machine, the options of the client and the table in the docs are derived from it.
 *
 * It imports no schema, because the client reads it too.
 */
import {
  DEDUPE_SECONDS_DEFAULT,
  DELAY_SECONDS_MAX,
  IDEMPOTENCY_SECONDS,
  KEY_SECONDS_MAX,
  LEASE_SECONDS_DEFAULT,
  LEASE_SECONDS_MAX,
  LEASE_SECONDS_MIN,
  MAX_ATTEMPTS_DEFAULT,
  MAX_ATTEMPTS_MAX,
  MAX_LEASED_PER_GROUP_MAX,
  MAX_SIZE_MAX,
  RESULT_SECONDS_DEFAULT,
  RESULT_SECONDS_MAX,
  RETENTION_SECONDS_MAX,
  RETRY_DELAY_FACTOR_DEFAULT,
  RETRY_DELAY_JITTER_DEFAULT,
  RETRY_DELAY_SECONDS_DEFAULT,
  RETRY_DELAY_SECONDS_MAX_DEFAULT,
} from "./limits.ts";
import type { WebhookValues } from "./webhook-settings.ts";

/** One of several texts. */
interface ChoiceSetting {
  kind: "choice";
  values: readonly string[];
  default: string;
}

/** A number in a range. A duration in seconds has `Seconds` in its name. */
interface NumberSetting {
  kind: "integer" | "number";
  min: number;
  max: number;
  /** Whether 0 is allowed too, although it is below `min`: it switches off what is set. */
  isOptional?: true;
  default: number;
}

interface BooleanSetting {
  kind: "boolean";
  default: boolean;
}

/** The name of another queue, or null. */
interface QueueSetting {
  kind: "queue";
  default: null;
}

/** A webhook, or null. Its own values are in `webhook-settings.ts`. It is described otherwise than it is configured. */
interface WebhookSetting {
  kind: "webhook";
  default: null;
}

export type Setting = ChoiceSetting | NumberSetting | BooleanSetting | QueueSetting | WebhookSetting;

/** What a setting is about, in one line: the docs show it. The limits and the default are added to it. */
export const SETTINGS = {
  /**
   * In which order visible messages are handed out. `priority`: lowest first, first in first out among equals. It can be
   * changed only while the queue holds no message. Default `fifo`.
   */
  order: { kind: "choice", values: ["fifo", "lifo", "priority"], default: "fifo" },
  /** How many messages may be visible or delayed before a put waits or is refused. Default 0: no bound. */
  maxSize: { kind: "integer", min: 0, max: MAX_SIZE_MAX, default: 0 },
  /** How long a lease lasts where the receive does not say: 1 to 43,200. Default 30. */
  leaseSeconds: { kind: "number", min: LEASE_SECONDS_MIN, max: LEASE_SECONDS_MAX, default: LEASE_SECONDS_DEFAULT },
  /** How many messages of one group may be leased, or wait for their next attempt, at the same time. Default 1. */
  maxLeasedPerGroup: { kind: "integer", min: 1, max: MAX_LEASED_PER_GROUP_MAX, default: 1 },
  /** Attempts after which a message that was not acked is dead; 0 for no limit. A message may have its own. Default 10. */
  maxAttempts: { kind: "integer", min: 0, max: MAX_ATTEMPTS_MAX, default: MAX_ATTEMPTS_DEFAULT },
  /** How long a message is not visible after its first failed attempt. A message may have its own. Default 1. */
  retryDelaySeconds: { kind: "number", min: 0, max: DELAY_SECONDS_MAX, default: RETRY_DELAY_SECONDS_DEFAULT },
  /** The factor by which that delay grows after each further attempt: 1 to 100. Default 2. */
  retryDelayFactor: { kind: "number", min: 1, max: 100, default: RETRY_DELAY_FACTOR_DEFAULT },
  /** The longest such delay. Default 300. */
  retryDelayMaxSeconds: { kind: "number", min: 0, max: DELAY_SECONDS_MAX, default: RETRY_DELAY_SECONDS_MAX_DEFAULT },
  /** How much of the delay may be left out by chance, 0 to 1, so that messages that fail together return apart. Default 0.5. */
  retryDelayJitter: { kind: "number", min: 0, max: 1, default: RETRY_DELAY_JITTER_DEFAULT },
  /** For how long the idempotency key of a put is remembered: 300 to 86,400. Default 300. */
  idempotencySeconds: { kind: "number", min: IDEMPOTENCY_SECONDS, max: KEY_SECONDS_MAX, default: IDEMPOTENCY_SECONDS },
  /** For how long a message suppresses others with its `dedupeKey`: 1 to 86,400. Default 300. */
  dedupeSeconds: { kind: "number", min: 1, max: KEY_SECONDS_MAX, default: DEDUPE_SECONDS_DEFAULT },
  /**
   * How long after its put, after the time for which it was put or after a redrive a message expires, unless it is leased
   * then: at least 1. A message may have its own. Default 0: never.
   */
  retentionSeconds: { kind: "number", min: 1, max: RETENTION_SECONDS_MAX, isOptional: true, default: 0 },
  /**
   * For how long the outcome of a job is kept: its result, or why it failed. A job may have its own. 0: not at all. Default
   * 3,600.
   */
  resultSeconds: { kind: "number", min: 0, max: RESULT_SECONDS_MAX, default: RESULT_SECONDS_DEFAULT },
  /** Whether an expired message is dead, with the reason `expired`. Default false: it is removed, and counted. */
  deadLetterExpired: { kind: "boolean", default: false },
  /** The queue to which dead messages go. Default null: they are kept in their places. */
  deadLetterQueue: { kind: "queue", default: null },
  /** The webhook to which the queue pushes its messages. It wins over a consumer of the Worker. Default null: none. */
  push: { kind: "webhook", default: null },
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof SETTINGS;

/** The type of a setting's value on the wire. */
type SettingValue<Kind extends Setting> = Kind extends { kind: "choice"; values: readonly (infer Value)[] }
  ? Value
  : Kind extends NumberSetting
    ? number
    : Kind extends BooleanSetting
      ? boolean
      : Kind extends WebhookSetting
        ? WebhookValues | null
        : string | null;

/** The settings of a queue, as they are configured. */
export type SettingValues = { -readonly [Name in SettingName]: SettingValue<(typeof SETTINGS)[Name]> };

/** The settings that are described as they are configured: all but the webhook, whose secret is never shown. */
export type PlainName = Exclude<SettingName, "push">;

/** The names of the settings, in the order of the list. */
export const SETTING_NAMES: readonly SettingName[] = Object.keys(SETTINGS) as SettingName[];

/** Those of them that are described as they are configured. */
export const PLAIN_NAMES: readonly PlainName[] = SETTING_NAMES.filter((name) => name !== "push");
