import { RESULT_BYTES_MAX } from "../../../src/contract/limits.ts";
import { errorParts } from "../message/error-parts.ts";
import type { ChunkReply, ItemError } from "./chunk-reply.ts";

/** No further input of a chunk is begun when its results have about so many bytes. */
const CHUNK_RESULT_BYTES = RESULT_BYTES_MAX / 2;

/** What is beside the results and errors in the text. */
const ENVELOPE_BYTES = 64;

/** A character takes at most so many bytes. */
const CHARACTER_BYTES_MAX = 3;

const encoder = new TextEncoder();

/** What has become of the inputs of a chunk, as JSON text that a result has room for. */
export class ChunkOutcome {
  readonly #values: unknown[] = [];
  readonly #texts: string[] = [];
  readonly #errors: Record<string, ItemError> = {};
  readonly #errorTexts: string[] = [];
  /** At least the bytes of all texts. */
  #bytes = 0;
  /** The place of the input that was not begun, or has no room; undefined if all have ended. */
  next: number | undefined;

  /** How many inputs have ended. */
  get count(): number {
    return this.#texts.length;
  }

  /** Whether no further input is to be begun. */
  get isFull(): boolean {
    if (this.#bytes < CHUNK_RESULT_BYTES) return false;
    this.#bytes = bytesOf(this.#texts) + bytesOf(this.#errorTexts);
    return this.#bytes >= CHUNK_RESULT_BYTES * 0.9;
  }

  /** The next input has this result, which has this text. False if there is no room for it beside those before. */
  add(value: unknown, text: string): boolean {
    if (!this.#takes(text)) return false;
    this.#values.push(value);
    this.#texts.push(text);
    return true;
  }

  /** The same for what was thrown. */
  fail(error: unknown): boolean {
    const parts = errorParts(error);
    const itemError = typeof parts === "string" ? { name: "Error", message: parts } : parts;
    const text = `"${this.count}":${JSON.stringify(itemError)}`;
    if (!this.#takes(text)) return false;
    this.#errors[this.count] = itemError;
    this.#errorTexts.push(text);
    this.#values.push(null);
    this.#texts.push("null");
    return true;
  }

  get reply(): ChunkReply {
    const errors = this.#errorTexts.length === 0 ? {} : { errors: this.#errors };
    return { results: this.#values, ...errors, ...(this.next === undefined ? {} : { next: this.next }) };
  }

  /** The reply as JSON. */
  get text(): string {
    const errors = this.#errorTexts.length === 0 ? "" : `,"errors":{${this.#errorTexts.join(",")}}`;
    const next = this.next === undefined ? "" : `,"next":${this.next}`;
    return `{"results":[${this.#texts.join(",")}]${errors}${next}}`;
  }

  #takes(text: string): boolean {
    const room = RESULT_BYTES_MAX - ENVELOPE_BYTES;
    const bytesMax = (text.length + 1) * CHARACTER_BYTES_MAX;
    if (this.#bytes + bytesMax > room) {
      this.#bytes = bytesOf(this.#texts) + bytesOf(this.#errorTexts);
      const bytes = this.#bytes + bytesOf([text]);
      // The first always has room: each is checked for itself before.
      if (bytes > room && this.count > 0) return false;
      this.#bytes = bytes;
    } else {
      this.#bytes += bytesMax;
    }
    return true;
  }
}

/** With a comma after each. */
function bytesOf(texts: readonly string[]): number {
  return encoder.encode(texts.join(",")).length + 1;
}
