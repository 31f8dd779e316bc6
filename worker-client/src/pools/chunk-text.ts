import { BODY_BYTES_MAX } from "../../../src/contract/limits.ts";
import { shown } from "../base/check-options.ts";
import { TooLarge } from "../base/errors.ts";
import { errorParts } from "../message/error-parts.ts";
import { JsonText } from "../transport/put-messages.ts";

/** A chunk ends at about so many bytes of inputs. */
const CHUNK_BYTES = 256 * 1024;

/** So few large inputs are made into JSON one by one. */
const FEW = 16;

/** A character takes at most so many bytes. */
const CHARACTER_BYTES_MAX = 3;

const encoder = new TextEncoder();

/** Neighbouring inputs: as they are sent, or why they cannot be. */
export type Piece = { readonly begin: number; readonly count: number } & (
  | { readonly content: JsonText | Uint8Array; readonly bytes: number }
  | { readonly error: unknown }
);

/**
 * The inputs of a list as chunks: of `chunkSize` each, less where they are large. An input that cannot be sent, because it
 * has no JSON form or is too large for a message, is a piece of its own with the error.
 *
 * @param offset the place of the first of them
 */
export function* piecesOf(inputs: readonly unknown[], chunkSize: number, offset = 0): Generator<Piece> {
  let size = chunkSize;
  for (let at = 0; at < inputs.length; ) {
    const some = inputs.slice(at, at + size);
    // Most chunks are made into JSON at once.
    const text = some.some(isSpecial) ? undefined : jsonOf(some);
    const bytes = text === undefined ? 0 : bytesOf(text);
    if (bytes > CHUNK_BYTES && some.length > FEW) {
      size = Math.max(FEW, Math.floor((some.length * CHUNK_BYTES * 0.95) / bytes));
      continue;
    }
    if (text === undefined || bytes > CHUNK_BYTES) yield* smallPieces(some, offset + at);
    else yield { begin: offset + at, count: some.length, content: new JsonText(text), bytes };
    at += some.length;
  }
}

/** At most the bytes of a text, and exactly these where it may be too long. */
function bytesOf(text: string): number {
  const bytesMax = text.length * CHARACTER_BYTES_MAX;
  return bytesMax <= CHUNK_BYTES ? bytesMax : encoder.encode(text).length;
}

/** What JSON would silently make null, or something else. */
function isSpecial(input: unknown): boolean {
  const type = typeof input;
  return type === "object" ? input instanceof Uint8Array : type === "function" || type === "symbol";
}

function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

/** The same, one input after the other. */
function* smallPieces(inputs: readonly unknown[], begin: number): Generator<Piece> {
  let texts: string[] = [];
  let bytes = 0;
  let first = begin;
  const piece = (): Piece => ({
    ...{ begin: first, count: texts.length, bytes: bytes + 2 },
    content: new JsonText(`[${texts.join(",")}]`),
  });
  for (const [index, input] of inputs.entries()) {
    const part = partOf(input, begin + index);
    const isText = "text" in part;
    if (texts.length > 0 && (!isText || bytes + part.bytes > CHUNK_BYTES)) {
      yield piece();
      texts = [];
      bytes = 0;
    }
    if (!isText) {
      yield part;
      continue;
    }
    if (texts.length === 0) first = begin + index;
    texts.push(part.text);
    bytes += part.bytes + 1;
  }
  if (texts.length > 0) yield piece();
}

function partOf(input: unknown, begin: number): Piece | { text: string; bytes: number } {
  if (input instanceof Uint8Array) {
    const { byteLength } = input;
    if (byteLength > BODY_BYTES_MAX) return { begin, count: 1, error: tooLarge(begin, byteLength, BODY_BYTES_MAX) };
    // In base64. A copy: the program may use its memory again.
    return { begin, count: 1, content: input.slice(), bytes: Math.ceil(byteLength * 1.4) };
  }
  if (typeof input === "function" || typeof input === "symbol") {
    return { begin, count: 1, error: new TypeError(`inputs[${begin}] has no JSON form: it is ${shown(input)}.`) };
  }
  let text: string;
  try {
    // What is undefined, or has undefined as its JSON form, is null in a list.
    text = JSON.stringify(input) ?? "null";
  } catch (cause) {
    const parts = errorParts(cause);
    const [reason = ""] = (typeof parts === "string" ? parts : parts.message).split("\n");
    const message = `inputs[${begin}] has no JSON form: ${reason.replace(/\.?$/, ".")}`;
    return { begin, count: 1, error: new TypeError(message, { cause }) };
  }
  const bytes = encoder.encode(text).length;
  if (bytes <= BODY_BYTES_MAX - 2) return { text, bytes };
  return { begin, count: 1, error: tooLarge(begin, bytes, BODY_BYTES_MAX - 2) };
}

function tooLarge(index: number, bytes: number, bytesMax: number): TooLarge {
  const message = `has ${bytes} bytes, more than ${bytesMax}`;
  const advice = "Store it elsewhere, and give where it is.";
  return new TooLarge(`inputs[${index}] ${message}. ${advice}`, { errors: [{ path: `inputs[${index}]`, message }] });
}
