import {
  CALL_OPTIONS,
  type CallOptions,
  checkFunction,
  checkOptions,
  type Known,
  secondsOf,
} from "../base/check-options.ts";
import type { WaitOptions } from "../base/deadline.ts";
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
  /**
   * What belongs together: at most `maxLeasedPerGroup` messages of a group are leased at the same time, in the order of
   * their puts, and groups take turns. At most 128 visible ASCII characters. Default: in no group.
   */
  group?: string | undefined;
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

const ITEM_OPTIONS: Known<ItemOptions> = { priority: true, delaySeconds: true, at: true, dedupeKey: true, group: true };

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

function messageOptionsOf({ priority, delaySeconds, at, dedupeKey, group }: ItemOptions): MessageOptions {
  return { priority, delaySeconds, at: secondsOf("at", at), dedupeKey, group };
}
