import { RESULT_BYTES_MAX } from "../../../src/contract/limits.ts";
import { errorParts } from "../message/error-parts.ts";
import type { ChunkReply, ItemError } from "./chunk-reply.ts";

/** No further input of a chunk is begun when its results have about so many bytes. */
const CHUNK_RESULT_BYTES = RESULT_BYTES_MAX / 2;

/** What is beside the results and errors in the text. */
const ENVELOPE_BYTES = 64;

/** A character takes at most so many bytes. */
const CHARACTER_BYTES_MAX = 3;

/** What is no text and no object has at most so many bytes as JSON, with a comma: `-2.2250738585072014e-308,`. */
const PLAIN_BYTES_MAX = 25;

/** A character of a text may be escaped as `\u001f`. */
const ESCAPE_BYTES = 6;

/** Longer texts are made into JSON one by one. */
const PLAIN_TEXT_CHARACTERS_MAX = 1_024;

/** A result that has few bytes as JSON, and will be no other one later. JSON has `undefined` in a list as null. */
export type PlainResult = number | boolean | string | null | undefined;

/** Whether a value is such a result. */
export function isPlain(value: unknown): value is PlainResult {
  const type = typeof value;
  if (type === "string") return (value as string).length <= PLAIN_TEXT_CHARACTERS_MAX;
  return type === "number" || type === "boolean" || type === "undefined" || value === null;
}

const encoder = new TextEncoder();

/** What has become of the inputs of a chunk, as JSON text that a result has room for. */
export class ChunkOutcome {
  readonly #values: unknown[] = [];
  /** The texts of results in order: of one, or of neighbouring ones that are plain. */
  readonly #texts: string[] = [];
  /** The place of the first result that has no text yet. Those from there on are plain, and made into JSON together. */
  #textsEnd = 0;
  readonly #errors: Record<string, ItemError> = {};
  readonly #errorTexts: string[] = [];
  /** At least the bytes of all texts. */
  #bytes = 0;
  /** The texts of results and errors that were counted, and their bytes: none is counted twice. */
  readonly #counted = { texts: 0, errors: 0, bytes: 0 };
  /** The place of the input that was not begun, or has no room; undefined if all have ended. */
  next: number | undefined;

  /** How many inputs have ended. */
  get count(): number {
    return this.#values.length;
  }

  /** Whether no further input is to be begun. */
  get isFull(): boolean {
    if (this.#bytes < CHUNK_RESULT_BYTES) return false;
    this.#count();
    return this.#bytes >= CHUNK_RESULT_BYTES * 0.9;
  }

  /** The next input has this result, which is plain. False if there is no room for it beside those before. */
  addPlain(value: PlainResult): boolean {
    const bytesMax = PLAIN_BYTES_MAX + (typeof value === "string" ? value.length * ESCAPE_BYTES : 0);
    if (!this.#takes(bytesMax, () => jsonOf(value))) return false;
    this.#values.push(value);
    return true;
  }

  /** The same for any other result, which has this text. */
  add(value: unknown, text: string): boolean {
    if (!this.#takes((text.length + 1) * CHARACTER_BYTES_MAX, () => text)) return false;
    this.#writePlain();
    this.#texts.push(text);
    this.#values.push(value);
    this.#textsEnd = this.count;
    return true;
  }

  /** The same for what was thrown. */
  fail(error: unknown): boolean {
    const parts = errorParts(error);
    const itemError = typeof parts === "string" ? { name: "Error", message: parts } : parts;
    const text = `"${this.count}":${JSON.stringify(itemError)}`;
    if (!this.#takes((text.length + 1) * CHARACTER_BYTES_MAX, () => text)) return false;
    this.#errors[this.count] = itemError;
    this.#errorTexts.push(text);
    this.#values.push(null);
    return true;
  }

  get reply(): ChunkReply {
    const errors = this.#errorTexts.length === 0 ? {} : { errors: this.#errors };
    return { results: this.#values, ...errors, ...(this.next === undefined ? {} : { next: this.next }) };
  }

  /** The reply as JSON. */
  get text(): string {
    this.#writePlain();
    const errors = this.#errorTexts.length === 0 ? "" : `,"errors":{${this.#errorTexts.join(",")}}`;
    const next = this.next === undefined ? "" : `,"next":${this.next}`;
    return `{"results":[${this.#texts.join(",")}]${errors}${next}}`;
  }

  /** Makes the results that have no text yet into one, without the brackets of a list. */
  #writePlain(): void {
    if (this.#textsEnd === this.count) return;
    this.#texts.push(JSON.stringify(this.#values.slice(this.#textsEnd)).slice(1, -1));
    this.#textsEnd = this.count;
  }

  /** Counts the bytes, of which there are at most as many as were said before. */
  #count(): void {
    this.#writePlain();
    const counted = this.#counted;
    counted.bytes += bytesOf(this.#texts.slice(counted.texts)) + bytesOf(this.#errorTexts.slice(counted.errors));
    counted.texts = this.#texts.length;
    counted.errors = this.#errorTexts.length;
    this.#bytes = counted.bytes;
  }

  #takes(bytesMax: number, textOf: () => string): boolean {
    const room = RESULT_BYTES_MAX - ENVELOPE_BYTES;
    if (this.#bytes + bytesMax > room) {
      this.#count();
      const bytes = this.#bytes + bytesOf([textOf()]);
      // The first always has room: each is checked for itself before.
      if (bytes > room && this.count > 0) return false;
      this.#bytes = bytes;
    } else {
      this.#bytes += bytesMax;
    }
    return true;
  }
}

function jsonOf(value: unknown): string {
  return JSON.stringify(value) ?? "null";
}

/** With a comma after each. */
function bytesOf(texts: readonly string[]): number {
  return texts.length === 0 ? 0 : encoder.encode(texts.join(",")).length + 1;
}
