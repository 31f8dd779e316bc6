import type { NewMessage } from "./commands.ts";
import { hashText } from "./hash.ts";

/** What is stored of a message and never changes, as it will be handed out. */
export function lineOf({ content, priority }: NewMessage, now: number): string {
  return `{${content},"priority":${priority},"putAt":${now / 1_000}}`;
}

/** Tells whether two reports under one key are the same. */
export function doneHashOf(count: number): number {
  return hashText(`done ${count}`);
}

/** Tells whether two puts under one key are the same. */
export function contentHashOf(messages: NewMessage[]): number {
  return messages.reduce((hash, { content, priority, delayMs, visibleAt, dedupeKey }) => {
    return hashText(`,${priority},${delayMs},${visibleAt},${dedupeKey}`, hashText(content, hash));
  }, hashText(""));
}
