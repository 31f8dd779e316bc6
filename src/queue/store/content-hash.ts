import type { NewMessage } from "../base/commands.ts";
import { hashText } from "../base/hash.ts";

/** A hash of a `done`, which shows whether two of them under one key are the same. */
export function doneHashOf(count: number): number {
  return hashText(`done ${count}`);
}

/** A hash of a put, which shows whether two of them under one key are the same. */
export function contentHashOf(messages: readonly NewMessage[]): number {
  let hash = hashText("");
  let options = "";
  let previous: NewMessage | undefined;
  for (const message of messages) {
    // Most batches have one set of options: its text is not made for each message.
    if (previous === undefined || !hasSameOptions(previous, message)) options = optionsText(message);
    hash = hashText(options, hashText(message.content, hash));
    previous = message;
  }
  return hash;
}

function optionsText(message: NewMessage): string {
  const { priority, delayMs, visibleAt, dedupeKey, group, headers, rules, isDedupedUntilDone = false } = message;
  const plain = `,${priority},${delayMs},${visibleAt},${dedupeKey},${group}`;
  if (headers === undefined && rules === undefined && !isDedupedUntilDone) return plain;
  const { maxAttempts, retryDelayMs, retentionMs } = rules ?? {};
  return `${plain},${headers},${maxAttempts},${retryDelayMs},${retentionMs},${isDedupedUntilDone}`;
}

function hasSameOptions(a: NewMessage, b: NewMessage): boolean {
  const isSameTime = a.delayMs === b.delayMs && a.visibleAt === b.visibleAt;
  const isSamePlace = a.priority === b.priority && a.group === b.group;
  const isSameKey = a.dedupeKey === b.dedupeKey && a.isDedupedUntilDone === b.isDedupedUntilDone;
  const isSameRest = a.headers === b.headers && a.rules === undefined && b.rules === undefined;
  return isSameTime && isSamePlace && isSameKey && isSameRest;
}
