import type { Backlog, Unsaved } from "./backlog.ts";
import type { Block } from "./block.ts";
import type { IdempotencyKeys } from "./idempotency-keys.ts";
import type { LineWindow } from "./line-window.ts";
import { NO_MESSAGES, type RowChange } from "./rows.ts";

/** What to write of a block that changed; undefined for one that came and went between two commits. */
export function rowChangeOf(
  block: Block,
  kind: Unsaved,
  backlog: Backlog,
  window: LineWindow,
  idempotencyKeys: IdempotencyKeys,
): RowChange | undefined {
  const { slot, count, bytes } = block;
  const isFinished = block.isEmpty;
  const lines = window.takeUncommitted(block);
  const groups = backlog.groups.takeUncommitted(block);
  const keepsKeys = idempotencyKeys.hasStored(slot);
  const keys = idempotencyKeys.takeUncommitted(slot);
  if (isFinished) {
    window.drop(block);
    backlog.release(slot, idempotencyKeys.kept(slot));
    if (kind !== "write") return { kind: "free", slot, ...keys };
    if (keys.keys === "") return undefined;
    return { kind, slot, keepsKeys, number: 0, ...NO_MESSAGES, ...keys };
  }
  const { visible, delayed, leased, dead, moving, nextDueAt, lastDueAt, priority, areLetters, isGrouped, putAt } =
    block;
  const changing = { visible, delayed, leased, dead, moving, nextDueAt, lastDueAt, ...block.encode() };
  if (kind === "update") return { kind, slot, ...changing };
  const contents = { priority, areLetters, isGrouped, putAt, count, bytes, ...changing, lines, groups, ...keys };
  if (kind === "append") return { kind, slot, ...contents };
  return { kind, slot, keepsKeys, number: block.number, ...contents };
}
