import { SETTING_NAMES } from "../../../src/contract/settings.ts";
import type { MessageState } from "../../../src/contract/states.ts";
import { CALL_OPTIONS, type CallOptions, type Known } from "../base/check-options.ts";
import type { QueueOptions } from "./queue-description.ts";

/** The options of `Queue.shutdown`. */
export interface ShutdownOptions extends CallOptions {
  /** Whether messages that are not leased are discarded. Default false. */
  immediate?: boolean | undefined;
}

/** The options of `Queue.pause` and `Queue.resume`. */
export interface PauseOptions extends CallOptions {
  /** Default: both. */
  only?: "puts" | "receives" | undefined;
}

/** The options of `Queue.messages`. */
export interface MessagesOptions extends CallOptions {
  /** Default: all. */
  state?: MessageState | undefined;
  /** The `cursor` of a message that was listed: the list goes on behind it. Default: from the first message on. */
  after?: string | undefined;
  /** How many messages are asked for at a time: 1 to 1,000. Default 100. */
  pageSize?: number | undefined;
}

/** The options of `Queue.change`: what is to be changed, at least one thing. */
export interface ChangeOptions<Item> extends CallOptions {
  /** 0 to 255, lowest first. */
  priority?: number | undefined;
  /** The message becomes visible this long after the change: 0 for at once, at most 366 days. */
  delaySeconds?: number | undefined;
  /** The message becomes visible at this time: at most 366 days from now. Not together with `delaySeconds`. */
  at?: Date | undefined;
  /** In place of its item. */
  item?: Item | undefined;
  /** In place of all of its headers; `{}` removes them. The rules are those of `put`. */
  headers?: Readonly<Record<string, string>> | undefined;
}

/** The options of `Queue.purge`. */
export interface PurgeOptions extends CallOptions {
  /** `dead`: dead letters. `finished`: the results and errors of jobs that have ended. Default: all messages. */
  only?: "dead" | "finished" | undefined;
}

/** The options of `Queue.redrive`. */
export interface RedriveOptions extends CallOptions {
  /** Only these, at most 1,000. Default: all dead letters. */
  ids?: readonly string[] | undefined;
  /** Only the first `max` of them. */
  max?: number | undefined;
  /** To this queue. Default: what died here stays here, what died elsewhere goes back there. */
  to?: string | undefined;
  /** Only what died in this other queue. */
  from?: string | undefined;
  /**
   * Called after each step, of at most 10,000 here or 1,000 to another queue, with how many were redriven and are left.
   */
  progress?: ((redriven: number, left: number) => void) | undefined;
}

const configure = Object.fromEntries(SETTING_NAMES.map((name) => [name, true])) as Known<QueueOptions>;
const shutdown: Known<ShutdownOptions> = { immediate: true, ...CALL_OPTIONS };
const pause: Known<PauseOptions> = { only: true, ...CALL_OPTIONS };
const messages: Known<MessagesOptions> = { state: true, after: true, pageSize: true, ...CALL_OPTIONS };
const change: Known<ChangeOptions<unknown>> = {
  ...{ priority: true, delaySeconds: true, at: true, item: true, headers: true },
  ...CALL_OPTIONS,
};
const purge: Known<PurgeOptions> = { only: true, ...CALL_OPTIONS };
const redrive: Known<RedriveOptions> = {
  ids: true,
  max: true,
  to: true,
  from: true,
  progress: true,
  ...CALL_OPTIONS,
};

/** The options that each administrative call has. */
export const ADMIN_OPTIONS = { configure, shutdown, pause, messages, change, purge, redrive };
