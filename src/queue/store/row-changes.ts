import type { IdempotencyKeys } from "./idempotency-keys.ts";
import type { PayloadCache } from "./payload-cache.ts";
import { OLD_ROWS_DELETED_MAX, type RowSlots } from "./row-slots.ts";
import { type DirtyPart, NO_KEYS, NO_MESSAGES, type RowChange } from "./rows.ts";
import type { Segment } from "./segment.ts";

/** What to write of a segment that changed; undefined for one that came and went between two commits. */
export function rowChangeOf(
  segment: Segment,
  kind: DirtyPart,
  slots: RowSlots,
  cache: PayloadCache,
  idempotencyKeys: IdempotencyKeys,
  groups: string,
): RowChange | undefined {
  const { slot, count, bytes } = segment;
  const isFinished = segment.isEmpty;
  const payloads = cache.takeUncommitted(segment);
  const keepsKeys = idempotencyKeys.hasStored(slot);
  const keys = idempotencyKeys.takeUncommitted(slot);
  if (isFinished) {
    cache.drop(segment);
    slots.release(slot, idempotencyKeys.kept(slot));
    if (kind !== "write") return { kind: "free", slot, keepsKeys, ...keys };
    if (keys.keys === "") return undefined;
    return { kind, slot, keepsKeys, number: 0, ...NO_MESSAGES, ...keys };
  }
  const {
    visible,
    delayed,
    leased,
    dead,
    transferring,
    nextDueAt,
    lastDueAt,
    priority,
    areDeadLetters,
    isGrouped,
    putAt,
  } = segment;
  const changing = { visible, delayed, leased, dead, transferring, nextDueAt, lastDueAt, ...segment.encode() };
  // A change that takes keys back is one of the keys too.
  if (kind === "update" && keys.keys === "") return { kind, slot, ...changing };
  const contents = { priority, areDeadLetters, isGrouped, putAt, count, bytes, ...changing, payloads, groups, ...keys };
  if (kind === "write") return { kind, slot, keepsKeys, number: segment.number, ...contents };
  return { kind: "append", slot, keepsKeys, ...contents };
}

/**
 * Adds what a commit needs beside its segments: that rows are deleted of which too many are free, and a change that
 * carries the totals, unless there is one.
 */
export function completed(changes: readonly RowChange[], slots: RowSlots): RowChange[] {
  const freed = changes.filter((change) => change.kind === "free");
  // Those that became free in this commit come first. To delete them costs nothing more than to write them.
  const excess = new Set(slots.takeExcess(freed.length + OLD_ROWS_DELETED_MAX));
  const complete = changes.filter((change) => change.kind !== "free" || !excess.has(change.slot));
  const [first] = freed;
  if (complete.length === 0 && first !== undefined) {
    complete.push({ kind: "merge", slot: first.slot, into: slots.spare() });
    excess.delete(first.slot);
  } else if (complete.length === 0) {
    complete.push({ kind: "totals", slot: slots.spare(), ...NO_KEYS });
  }
  if (excess.size > 0) complete.push({ kind: "delete", slots: [...excess] });
  return complete;
}
