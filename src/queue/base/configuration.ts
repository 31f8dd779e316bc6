import { PLAIN_NAMES, type PlainName, SETTINGS, type SettingValues } from "../../contract/settings.ts";
import type { Webhook } from "../../contract/webhook-settings.ts";

/** In which order visible messages are handed out. */
export type OrderName = SettingValues["order"];

/** "none": messages are taken and handed out; "draining": only handed out; "immediate": neither. */
type Shutdown = "none" | "draining" | "immediate";

/** Whether puts and receives are paused. */
export interface Paused {
  puts: boolean;
  receives: boolean;
}

type InMilliseconds<Name extends string> = Name extends `${infer Before}Seconds${infer After}`
  ? `${Before}Ms${After}`
  : Name;

/**
 * The settings of a queue, as `SETTINGS` lists them. Durations are in milliseconds here, and so are their names:
 * `leaseSeconds` is `leaseMs`, `retryDelayMaxSeconds` is `retryDelayMaxMs`.
 */
export type Settings = { [Name in PlainName as InMilliseconds<Name>]: SettingValues[Name] };

/** A task that workers of the queue serve. */
export interface AnnouncedTask {
  name: string;
  /** The JSON Schema of its input, as JSON text. */
  input?: string | undefined;
}

/** A rest of pushes up to this, in milliseconds, ends by a timer, which keeps the object in memory; a longer one by the alarm. */
export const PUSH_TIMER_MS_MAX = 10_000;

/** Why nothing is pushed to the consumer of a queue for a time. */
export interface PushFault {
  /** How many deliveries in a row could not be made. */
  count: number;
  /** When the next one is tried, in milliseconds; null if none is before the consumer is configured again. */
  resumesAt: number | null;
  /** What went wrong with the last one: a sentence. */
  detail: string;
}

/** The settings of a queue, and what else is said of it as a whole. */
export interface Configuration extends Settings {
  shutdown: Shutdown;
  paused: Paused;
  pushFault: PushFault | null;
  /** Those that workers have announced. */
  tasks: readonly AnnouncedTask[];
  /** The webhook to which messages are pushed, with its secrets: it is never shown as it is. */
  push: Webhook | null;
}

/** Changes of a configuration. What is absent stays as it is. */
export interface Changes extends Partial<Omit<Configuration, "paused">> {
  paused?: Partial<Paused>;
}

const SECONDS = /Seconds/;

/** Settings in the form of the state machine: durations in milliseconds. What is absent stays absent. */
export function settingsOf(values: { [Name in PlainName]?: SettingValues[Name] | undefined }): Partial<Settings> {
  const settings: Record<string, unknown> = {};
  for (const name of PLAIN_NAMES) {
    const value = values[name];
    if (value === undefined) continue;
    const isDuration = SECONDS.test(name);
    settings[name.replace(SECONDS, "Ms")] = isDuration ? Math.round(Number(value) * 1_000) : value;
  }
  return settings as Partial<Settings>;
}

/** The settings in the form of the interface: durations in seconds. */
export function valuesOf(settings: Settings): Pick<SettingValues, PlainName> {
  const values: Record<string, unknown> = {};
  for (const name of PLAIN_NAMES) {
    const isDuration = SECONDS.test(name);
    const value = settings[name.replace(SECONDS, "Ms") as keyof Settings];
    values[name] = isDuration ? Number(value) / 1_000 : value;
  }
  return values as Pick<SettingValues, PlainName>;
}

/** The configuration of a queue of which nothing was configured. */
export const DEFAULT_CONFIGURATION: Configuration = {
  ...(settingsOf(
    Object.fromEntries(PLAIN_NAMES.map((name) => [name, SETTINGS[name].default])) as unknown as SettingValues,
  ) as Settings),
  shutdown: "none",
  paused: { puts: false, receives: false },
  pushFault: null,
  tasks: [],
  push: null,
};

/** How long a lease lasts, in milliseconds: for as long as was asked for; undefined stands for the queue's own time. */
export function leaseMsOf({ leaseMs }: Settings, askedMs: number | undefined): number {
  return askedMs ?? leaseMs;
}

/** The configuration with the changes; the same object if they change nothing, so that nothing is stored for them. */
export function changed(configuration: Configuration, changes: Changes): Configuration {
  const result = { ...configuration, ...changes, paused: { ...configuration.paused, ...changes.paused } };
  return JSON.stringify(result) === JSON.stringify(configuration) ? configuration : result;
}
