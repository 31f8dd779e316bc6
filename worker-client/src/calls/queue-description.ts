import type { PlainName, SETTINGS, SettingValues } from "../../../src/contract/settings.ts";
import type { CountName } from "../../../src/contract/states.ts";

/** In which order visible messages are handed out. */
export type Order = SettingValues["order"];

/** The settings of a queue. Those that are absent stay as they are. */
export type QueueOptions = { -readonly [Name in keyof typeof SETTINGS]?: SettingValues[Name] | undefined };

/** The settings of a queue. */
type QueueSettings = { -readonly [Name in PlainName]: SettingValues[Name] };

/**
 * How many messages are in each state (`visible`, `delayed`, `leased`, `dead`, `transferring`), how many are unfinished,
 * were ever put, and have left the queue (`done`, `purged`, `expired`, `transferred`).
 */
export type QueueCounts = { -readonly [Name in CountName]: number };

/** A queue in the list of queues. Nothing of it wakes the queue: it is what the queue last reported. */
export interface ListedQueue {
  name: string;
  /** Those of `describe` at `countedAt`. Undefined if the queue has not reported yet, as after an update of the server. */
  counts: QueueCounts | undefined;
  /** When the oldest message of then was put; undefined if there was none. */
  oldestAt: Date | undefined;
  /** A queue in use reports about once a minute, and a queue that is not used has nothing new to report. */
  countedAt: Date | undefined;
}

/** A connection that consumes: it has subscribed, as a worker does, or holds messages that it has received. */
export interface Consumer {
  /** The name that the client gave itself: the `name` of its manager; else that of its key. */
  name: string;
  /** The name of its key. */
  key: string;
  /** From where it connected; absent where the platform does not say. */
  address?: string | undefined;
  /** When it connected, in seconds since 1970. */
  since: number;
  /** How many messages it holds under leases. */
  inHand: number;
  /** How many more messages may be pushed to it. */
  credit: number;
}

/** The consumer to which a queue pushes messages. Its settings are absent while it has not been asked for them. */
export interface PushDescription {
  /** `worker`: a handler of a Cloudflare Worker; `webhook`: an address. */
  kind: "worker" | "webhook";
  /** Of a webhook, without its query. */
  url?: string | undefined;
  batchSize?: number | undefined;
  batchWaitSeconds?: number | undefined;
  concurrency?: number | undefined;
  timeoutSeconds?: number | undefined;
  /** How many batches are handled now. */
  inFlight: number;
  /** `waiting`: nothing is pushed until `resumesAt`, for what `detail` says. `stopped`: not before it is configured again. */
  state: "running" | "waiting" | "stopped";
  /** In seconds since 1970. */
  resumesAt?: number | undefined;
  detail?: string | undefined;
  /** Of a webhook whose secret the server made: only in the answer to the configuration that made it. It is not shown again. */
  secret?: string | undefined;
}

/** A queue's settings, counts and consumers. */
export interface QueueDescription extends QueueSettings, QueueCounts {
  name: string;
  /** `draining`: refuses puts, and receives once it holds nothing. `immediate`: refuses both and holds nothing. */
  shutdown: "none" | "draining" | "immediate";
  paused: { puts: boolean; receives: boolean };
  /** Put and not yet done: what `join` waits for. A dead message counts as done. */
  unfinished: number;
  /** Messages ever put: the sum of those in each state and of those that are done, purged, expired or transferred. */
  accepted: number;
  /** How many results and errors of jobs are kept. Some of them may have expired just now. */
  results: number;
  /** The age of the oldest message; 0 when there is none. */
  oldestSeconds: number;
  storageBytes: number;
  /** What Cloudflare would bill as rows written since the queue was created. */
  rowsWritten: number;
  /** How many sockets are connected. */
  connected: number;
  /** Those of them that consume, the oldest first, at most 100. Consumers over HTTP have no connection. */
  consumers: Consumer[];
  /** The consumer to which messages are pushed; null without one. */
  push: PushDescription | null;
}
