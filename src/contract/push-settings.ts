/** How messages are pushed to a consumer: the ranges and the defaults, the same for handlers of a Worker and for webhooks. */
import { BATCH_MESSAGES_MAX } from "./limits.ts";

/** A number in a range. */
interface Range {
  min: number;
  max: number;
  default: number;
  isInteger: boolean;
}

/** What a consumer may say of how it is called. */
export const PUSH_SETTINGS = {
  /** The most messages of a batch: 1 to 1,000. Default 10. */
  batchSize: { min: 1, max: BATCH_MESSAGES_MAX, default: 10, isInteger: true },
  /**
   * How long a batch waits to be full, from its first message on: 0 to 60. Default 0: it is pushed at once with what there
   * is, and while handlers are busy the next batches fill by themselves.
   */
  batchWaitSeconds: { min: 0, max: 60, default: 0, isInteger: false },
  /** How many batches are handled at the same time: 1 to 100. Default 5. */
  concurrency: { min: 1, max: 100, default: 5, isInteger: true },
  /** How long a batch may take: 1 to 900. Then what was not acked or retried is retried. Default 60. */
  timeoutSeconds: { min: 1, max: 900, default: 60, isInteger: false },
} as const satisfies Record<string, Range>;

export type PushSettingName = keyof typeof PUSH_SETTINGS;

/** How messages are pushed. All times are in seconds. */
export type PushSettings = Record<PushSettingName, number>;

const NAMES = Object.keys(PUSH_SETTINGS) as PushSettingName[];

/**
 * The settings with the defaults of those that are left out.
 *
 * @param place what they are of, for the errors: `consumers.emails`
 * @throws {RangeError} if one breaks its rule
 */
export function pushSettingsOf(given: { [Name in PushSettingName]?: number | undefined }, place: string): PushSettings {
  const settings: Partial<PushSettings> = {};
  for (const name of NAMES) {
    const { min, max, default: standard, isInteger } = PUSH_SETTINGS[name];
    const value: unknown = given[name] ?? standard;
    const isRight =
      typeof value === "number" && value >= min && value <= max && (!isInteger || Number.isInteger(value));
    const kind = isInteger ? "a whole number" : "a number";
    if (!isRight)
      throw new RangeError(`${place}.${name} is ${String(value)}, but must be ${kind} from ${min} to ${max}.`);
    settings[name] = value;
  }
  return settings as PushSettings;
}
