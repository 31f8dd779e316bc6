import { isHighSurrogate, isLowSurrogate, utf8Bytes } from "../base/bytes.ts";
import { DamagedRow } from "../base/damage.ts";
import { GONE, isState, type PresentState } from "./states.ts";

/** What few messages have beside their state. */
export interface Note {
  /** What the last retry gave as its error; with "…" at its end where it was cut. */
  error?: string | undefined;
  /** Attempts that do not count, because the message was dead and redriven after them. */
  spared?: number | undefined;
  /** Deliveries that are no attempts, because no handler began with them. */
  unbegun?: number | undefined;
  /** When it was last redriven: its retention begins again then. */
  redrivenAt?: number | undefined;
  /** Why it is dead, if not because it used up its attempts. */
  reason?: "expired" | "rejected" | undefined;
  /** The number of the transfer that it is in, and its state before. */
  transfer?: number | undefined;
  was?: PresentState | undefined;
  /** The place that its id names, and when it was put, in milliseconds, if it is in another place now. */
  origin?: Origin | undefined;
}

/** Where and when a message was put that is in another place now. */
export type Origin = readonly [segmentNumber: number, index: number, putAt: number];

/**
 * Bounds the errors of one segment together, as JSON in UTF-8: each change of the segment writes them again. Beyond it the
 * oldest errors are cut, so that the newest can be read in full. All other parts of a note are small.
 */
export const ERRORS_BYTES_MAX = 32 * 1024;

/**
 * What is left of an error that is cut, as JSON in UTF-8: about 90 characters. All messages of a segment have room for as
 * much, and the longest error still fits beside them.
 */
export const CUT_ERROR_BYTES = 96;

/** The notes of one segment, by the index of the message. */
export class Notes {
  /** The note that was changed last is at the end. */
  readonly #notes = new Map<number, Note>();
  #errorsBytes = 0;

  /**
   * Reads stored notes: JSON, `[[index, note], …]`.
   *
   * @param count the messages of the segment
   * @throws {DamagedRow} if the text is anything else
   */
  static decode(slot: number, text: string, count: number): Notes {
    const notes = new Notes();
    for (const entry of entriesOf(slot, text)) {
      if (!isEntry(entry, count)) throw new DamagedRow(slot, `among its notes is ${JSON.stringify(entry)}`);
      notes.#put(...entry);
    }
    return notes;
  }

  /** The stored form; null where there are no notes. */
  encode(): string | null {
    return this.#notes.size === 0 ? null : JSON.stringify([...this.#notes]);
  }

  get(index: number): Note {
    return this.#notes.get(index) ?? {};
  }

  /** Changes the given fields of a note; those that are undefined are removed. */
  change(index: number, change: Note): void {
    const note = { ...this.get(index), ...change };
    this.delete(index);
    if (Object.values(note).every((value) => value === undefined)) return;
    this.#put(index, note);
    if (change.error !== undefined) this.#cutOldest(index);
  }

  delete(index: number): void {
    this.#errorsBytes -= errorBytesOf(this.get(index));
    this.#notes.delete(index);
  }

  #put(index: number, note: Note): void {
    this.#notes.set(index, note);
    this.#errorsBytes += errorBytesOf(note);
  }

  /** Cuts errors until all fit, each at most once, the newest last, if it alone is too long. */
  #cutOldest(newest: number): void {
    if (this.#errorsBytes <= ERRORS_BYTES_MAX) return;
    for (const [index, note] of this.#notes) {
      const bytes = errorBytesOf(note);
      if (index === newest || note.error === undefined || bytes <= CUT_ERROR_BYTES) continue;
      // A key that is set again keeps its place in the map.
      this.#notes.set(index, { ...note, error: cutText(note.error, CUT_ERROR_BYTES) });
      this.#errorsBytes += errorBytesOf(this.get(index)) - bytes;
      if (this.#errorsBytes <= ERRORS_BYTES_MAX) return;
    }
    const note = this.get(newest);
    const others = this.#errorsBytes - errorBytesOf(note);
    if (note.error === undefined) return;
    this.#notes.set(newest, { ...note, error: cutText(note.error, ERRORS_BYTES_MAX - others) });
    this.#errorsBytes = others + errorBytesOf(this.get(newest));
  }
}

function errorBytesOf({ error }: Note): number {
  return error === undefined ? 0 : utf8Bytes(JSON.stringify(error));
}

/**
 * The first characters of a text with "…" after them, so that its JSON has at most so many bytes in UTF-8. Surrogate
 * pairs are not split.
 */
function cutText(text: string, jsonBytesMax: number): string {
  const mark = "…";
  let bytes = utf8Bytes(JSON.stringify(mark));
  let end = 0;
  while (end < text.length) {
    const isPair = isHighSurrogate(text.charCodeAt(end)) && isLowSurrogate(text.charCodeAt(end + 1));
    const next = text.slice(end, end + (isPair ? 2 : 1));
    bytes += utf8Bytes(JSON.stringify(next)) - 2;
    if (bytes > jsonBytesMax) break;
    end += next.length;
  }
  return `${text.slice(0, end)}${mark}`;
}

function entriesOf(slot: number, text: string): unknown[] {
  let entries: unknown;
  try {
    entries = JSON.parse(text);
  } catch {
    throw new DamagedRow(slot, "its notes are not JSON");
  }
  if (!Array.isArray(entries)) throw new DamagedRow(slot, "its notes are no list");
  return entries;
}

function isEntry(entry: unknown, count: number): entry is [index: number, note: Note] {
  if (!Array.isArray(entry) || entry.length !== 2) return false;
  const [index, note] = entry as [unknown, unknown];
  const isIndex = typeof index === "number" && Number.isInteger(index) && index >= 0 && index < count;
  return isIndex && isNote(note);
}

function isOrigin(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 3) return false;
  return value.every((number) => typeof number === "number" && Number.isInteger(number) && number >= 0);
}

function isNote(note: unknown): note is Note {
  if (typeof note !== "object" || note === null || Array.isArray(note)) return false;
  return Object.entries(note).every(([name, value]) => {
    switch (name) {
      case "error":
        return typeof value === "string";
      case "spared":
      case "unbegun":
      case "redrivenAt":
      case "transfer":
        return typeof value === "number";
      case "reason":
        return value === "expired" || value === "rejected";
      case "origin":
        return isOrigin(value);
      case "was":
        return isState(value) && value !== GONE;
      default:
        return false;
    }
  });
}
