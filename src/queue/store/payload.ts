import type { NewMessage } from "../base/commands.ts";
import { hashText } from "../base/hash.ts";

/** What is stored of a message and never changes, as it will be handed out. */
export function payloadOf({ content, priority, visibleAt, delayMs, deadLetter }: NewMessage, now: number): string {
  const due = visibleAt ?? now + delayMs;
  const at = due > now ? `,"at":${due / 1_000}` : "";
  const origin = deadLetter === undefined ? "" : `,"deadLetter":${JSON.stringify(deadLetter)}`;
  return `{${content},"priority":${priority},"putAt":${now / 1_000}${at}${origin}}`;
}

/** The content, as it was put. */
export function contentOf(payload: string): string {
  return payload.slice(1, payload.lastIndexOf(AFTER_CONTENT));
}

export function priorityOf(payload: string): number {
  return Number.parseInt(payload.slice(payload.lastIndexOf(AFTER_CONTENT) + AFTER_CONTENT.length), 10);
}

/** When a message was put, or for when it was put, in milliseconds. */
export function timeOf(payload: string): number {
  const { at, putAt } = timesOf(payload);
  return Math.round((at ?? putAt) * 1_000);
}

/** When a message was put, in milliseconds. */
export function putAtOf(payload: string): number {
  return Math.round(timesOf(payload).putAt * 1_000);
}

/** Nothing that follows looks like this: texts in there have a backslash before each quotation mark. */
const AFTER_CONTENT = ',"priority":';

/** Not all of a payload is parsed: its content comes first, and may be long. */
function timesOf(payload: string): { putAt: number; at?: number; deadLetter?: NewMessage["deadLetter"] } {
  return JSON.parse(`{${payload.slice(payload.lastIndexOf('"putAt":'))}`) as ReturnType<typeof timesOf>;
}

/** What a message says that died in another queue. */
export function deadLetterOf(payload: string): NewMessage["deadLetter"] {
  return timesOf(payload).deadLetter;
}

/** Tells whether two reports under one key are the same. */
export function doneHashOf(count: number): number {
  return hashText(`done ${count}`);
}

/** Tells whether two puts under one key are the same. */
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

function optionsText({ priority, delayMs, visibleAt, dedupeKey, group }: NewMessage): string {
  return `,${priority},${delayMs},${visibleAt},${dedupeKey},${group}`;
}

function hasSameOptions(a: NewMessage, b: NewMessage): boolean {
  const isSameTime = a.delayMs === b.delayMs && a.visibleAt === b.visibleAt;
  return isSameTime && a.priority === b.priority && a.dedupeKey === b.dedupeKey && a.group === b.group;
}
