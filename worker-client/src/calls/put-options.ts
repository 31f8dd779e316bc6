import { TASK_HEADER } from "../../../src/contract/limits.ts";
import { checkHeaders } from "../base/check-headers.ts";
import {
  CALL_OPTIONS,
  type CallOptions,
  checkFunction,
  checkOptions,
  type Known,
  secondsOf,
  shown,
} from "../base/check-options.ts";
import { checkSetting } from "../base/check-setting.ts";
import type { WaitOptions } from "../base/deadline.ts";
import type { JobRules } from "../tasks/task.ts";
import type { MessageOptions } from "../transport/put-messages.ts";

/** The options of one item that is put. */
export interface ItemOptions {
  /** 0 to 255, lowest first. Default 100. It decides the order only in a priority queue. */
  priority?: number | undefined;
  /** The message is not visible before this time has passed. Default 0, at most 366 days. */
  delaySeconds?: number | undefined;
  /** The message is not visible before this time: at most 366 days from now. Not together with `delaySeconds`. */
  at?: Date | undefined;
  /**
   * Within the queue's `dedupeSeconds` after an item with this key, others with it are not stored; they are answered
   * with that one's id. At most 255 visible ASCII characters.
   */
  dedupeKey?: string | undefined;
  /** `done`: the `dedupeKey` counts until its message is done, cancelled, purged or dead, and not for `dedupeSeconds`. */
  dedupeUntil?: "done" | undefined;
  /**
   * What belongs together: at most `maxLeasedPerGroup` messages of a group are leased at the same time, in the order of
   * their puts, and groups take turns. At most 128 visible ASCII characters. Default: in no group.
   */
  group?: string | undefined;
  /**
   * Texts that travel with the item, as a trace id: at most 32, with names of 1 to 64 of `a-z 0-9 -` that do not begin
   * with `dq-`, and 8 KiB together. `dq-task` makes the item a job of the task that it names, as `submit` does.
   */
  headers?: Readonly<Record<string, string>> | undefined;
  /** As the setting of the queue, for this item alone: 0 for no limit. */
  maxAttempts?: number | undefined;
  /** As the setting of the queue, for this item alone. */
  retryDelaySeconds?: number | undefined;
  /** As the setting of the queue, for this item alone: 0 for no end. */
  retentionSeconds?: number | undefined;
  /**
   * How long what becomes of the message is kept, for those that call `result` with its id: 0 to 2,592,000. Default: not
   * at all for messages that are acked without a result; the setting of the queue for jobs of tasks.
   */
  resultSeconds?: number | undefined;
}

/** The options of `Queue.put`. */
export interface PutOptions extends ItemOptions, WaitOptions, CallOptions {
  /** Puts under one key within 300 seconds are one put. Default: a new one for each call, for its own repetitions. */
  idempotencyKey?: string | undefined;
}

/** The options of `Queue.putMany`. */
export interface PutManyOptions<Item> extends PutOptions {
  /**
   * The options of one item, over those of all. It gives each item its own `dedupeKey`: one key for several items would
   * keep all but the first from being stored, and is refused.
   */
  each?: ((item: Item, index: number) => ItemOptions) | undefined;
}

/** The options of an item, and how each is checked and sent. The server checks those that pass as they are. */
const ITEM_OPTIONS: Record<keyof ItemOptions, (value: unknown) => unknown> = {
  priority: asIs,
  delaySeconds: asIs,
  at: (value) => secondsOf("at", value),
  dedupeKey: asIs,
  dedupeUntil: (value) => {
    if (value !== "done") throw new TypeError(`dedupeUntil must be "done", not ${shown(value)}.`);
    return value;
  },
  group: asIs,
  headers: checkHeaders,
  maxAttempts: (value) => checkSetting("maxAttempts", value),
  retryDelaySeconds: (value) => checkSetting("retryDelaySeconds", value),
  retentionSeconds: (value) => checkSetting("retentionSeconds", value),
  resultSeconds: (value) => checkSetting("resultSeconds", value),
};

const ITEM_OPTION_NAMES = Object.keys(ITEM_OPTIONS) as (keyof ItemOptions)[];

function asIs(value: unknown): unknown {
  return value;
}

/** The options that `put` and `putNowait` have. */
export const PUT_OPTIONS: Known<PutOptions> = {
  ...ITEM_OPTIONS,
  idempotencyKey: true,
  block: true,
  timeoutSeconds: true,
  ...CALL_OPTIONS,
};

/** The options that `putMany` has. */
export const PUT_MANY_OPTIONS: Known<PutManyOptions<unknown>> = { ...PUT_OPTIONS, each: true };

/**
 * @internal The options of a batch as they are sent: once for all items, or for each where `each` is given.
 *
 * @throws {TypeError} for a `dedupeKey` that several items would share
 */
export function batchOptionsOf<Item>(
  items: readonly Item[],
  options: PutManyOptions<Item>,
): MessageOptions | MessageOptions[] {
  const { each, ...all } = options;
  const isBatched = all.dedupeKey !== undefined && items.length > 1;
  if (isBatched && each === undefined) {
    throw new TypeError(
      "putMany() would store only the first item under one dedupeKey. Give each its own: { each: (item) => ({ dedupeKey: … }) }.",
    );
  }
  if (each === undefined) return messageOptionsOf(all);
  checkFunction("each", each);
  return items.map((item, index) => {
    const own = each(item, index) ?? {};
    checkOptions("each()", own, ITEM_OPTIONS);
    if (isBatched && own.dedupeKey === undefined) {
      throw new TypeError(
        `The dedupeKey of all items would be that of items[${index}] too. Let each() give it its own.`,
      );
    }
    return messageOptionsOf({ ...all, ...own });
  });
}

/** @internal The same as jobs of a task. */
export function jobOptionsOf(
  options: MessageOptions | MessageOptions[],
  task: string,
): MessageOptions | MessageOptions[] {
  if (Array.isArray(options)) return options.map((each) => jobOptionsOf(each, task) as MessageOptions);
  return { ...options, headers: { ...options.headers, [TASK_HEADER]: task } };
}

function messageOptionsOf(options: ItemOptions): MessageOptions {
  const sent: Record<string, unknown> = {};
  for (const name of ITEM_OPTION_NAMES) {
    const value = options[name];
    if (value !== undefined) sent[name] = ITEM_OPTIONS[name](value);
  }
  if (sent.dedupeUntil !== undefined && sent.dedupeKey === undefined) {
    throw new TypeError("dedupeUntil needs a dedupeKey: it says until when that key counts.");
  }
  return sent;
}

/** @internal What a task says of its jobs, as options of `put`. */
export function putRulesOf(rules: JobRules): Pick<MessageOptions, RuleName> {
  const { maxAttempts, retryDelaySeconds, retentionSeconds, resultSeconds, priority } = rules;
  const given = Object.entries({ maxAttempts, retryDelaySeconds, retentionSeconds, resultSeconds, priority });
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

type RuleName = "maxAttempts" | "retryDelaySeconds" | "retentionSeconds" | "resultSeconds" | "priority";
