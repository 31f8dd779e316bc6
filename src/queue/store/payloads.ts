import type { NewMessage } from "../base/commands.ts";
import { DamagedRow } from "../base/damage.ts";
import { hashText } from "../base/hash.ts";
import { type RowReader, splitLines } from "./rows.ts";
import type { Segment } from "./segment.ts";

/** What a put added to a segment and is not stored yet. */
interface Uncommitted {
  payloads: string[];
  /** Empty where the messages are in no group. */
  groups: string[];
}

/**
 * The payloads in memory: what of a message never changes. Those that are stored can be dropped at any time and are read
 * again when they are needed. Those that were put since the last commit are only here, with the groups of their messages.
 */
export class Payloads {
  readonly #reader: RowReader;
  /** The segment that was loaded last is at the end. */
  readonly #held = new Map<Segment, string[]>();
  readonly #uncommitted = new Map<Segment, Uncommitted>();
  #characters = 0;

  constructor(reader: RowReader) {
    this.#reader = reader;
  }

  /** Adds the payload of the message that was appended to a segment last. */
  add(segment: Segment, payload: string, group: string | undefined): void {
    let uncommitted = this.#uncommitted.get(segment);
    if (uncommitted === undefined) {
      uncommitted = { payloads: [], groups: [] };
      this.#uncommitted.set(segment, uncommitted);
    }
    uncommitted.payloads.push(payload);
    if (group !== undefined) uncommitted.groups.push(group);
    const held = this.#held.get(segment);
    if (held !== undefined) held.push(payload);
    else if (segment.count === 1) this.#held.set(segment, [payload]);
    else return;
    this.#characters += payload.length;
  }

  /** @throws {DamagedRow} if the segment's row has another number of payloads than the segment has messages */
  of(segment: Segment, index: number): string {
    const payload = (this.#held.get(segment) ?? this.#load(segment))[index];
    if (payload === undefined) throw new Error(`Segment ${segment.number} has no payload ${index}.`);
    return payload;
  }

  /** Drops a segment's payloads from memory; those that are stored can be read again. */
  release(segment: Segment): void {
    for (const payload of this.#held.get(segment) ?? []) this.#characters -= payload.length;
    this.#held.delete(segment);
  }

  /** Drops all payloads of a segment that has no messages any more. */
  drop(segment: Segment): void {
    this.release(segment);
    this.#uncommitted.delete(segment);
  }

  /** The payloads and groups to store for this segment, each ended by a line feed. */
  takeUncommitted(segment: Segment): { payloads: string; groups: string } {
    const uncommitted = this.#uncommitted.get(segment);
    if (uncommitted === undefined) return NOTHING;
    this.#uncommitted.delete(segment);
    const { payloads, groups } = uncommitted;
    return { payloads: `${payloads.join("\n")}\n`, groups: groups.length === 0 ? "" : `${groups.join("\n")}\n` };
  }

  /** Drops the payloads that were loaded longest ago, until so many characters are left. Call it when all is committed. */
  trim(charactersMax: number): void {
    for (const segment of this.#held.keys()) {
      if (this.#characters <= charactersMax) return;
      this.drop(segment);
    }
  }

  #load(segment: Segment): string[] {
    const uncommitted = this.#uncommitted.get(segment)?.payloads ?? [];
    const stored = uncommitted.length < segment.count ? splitLines(this.#reader.payloads(segment.slot)) : [];
    const payloads = stored.concat(uncommitted);
    if (payloads.length !== segment.count) {
      throw new DamagedRow(segment.slot, `its ${segment.count} messages have ${payloads.length} payloads`);
    }
    for (const payload of payloads) this.#characters += payload.length;
    this.#held.set(segment, payloads);
    return payloads;
  }
}

const NOTHING = { payloads: "", groups: "" };

/** What is stored of a message and never changes, in the form in which it is handed out. */
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

/** What a payload says of a message that died in another queue; undefined for any other message. */
export function deadLetterOf(payload: string): NewMessage["deadLetter"] {
  return timesOf(payload).deadLetter;
}

/** Found last, it is not in a content or a dead letter: texts in those have a backslash before each quotation mark. */
const AFTER_CONTENT = ',"priority":';

/** Parses only the end of a payload: its content comes first, and may be long. */
function timesOf(payload: string): { putAt: number; at?: number; deadLetter?: NewMessage["deadLetter"] } {
  return JSON.parse(`{${payload.slice(payload.lastIndexOf('"putAt":'))}`) as ReturnType<typeof timesOf>;
}

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

function optionsText({ priority, delayMs, visibleAt, dedupeKey, group }: NewMessage): string {
  return `,${priority},${delayMs},${visibleAt},${dedupeKey},${group}`;
}

function hasSameOptions(a: NewMessage, b: NewMessage): boolean {
  const isSameTime = a.delayMs === b.delayMs && a.visibleAt === b.visibleAt;
  return isSameTime && a.priority === b.priority && a.dedupeKey === b.dedupeKey && a.group === b.group;
}
