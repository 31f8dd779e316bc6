/**
 * Parses requests. A request with far too many fields or elements is not parsed in full: to make an object of a million
 * fields takes seconds, and the request is refused anyway.
 */
import { ProblemError } from "./problem-error.ts";

/** Shorter texts are parsed as they are: they parse fast enough. */
const SHORT_CHARACTERS = 64 * 1024;

/** Entries of one object or list of a request that are parsed: more than any schema allows. */
export const ENTRIES_MAX = 2_000;

/** Fields of one object in a message's body: more than fit into a body. */
const BODY_FIELDS_MAX = 200_000;

/** Before the list of an ack's results, of which each is any JSON. It is a field of the request. */
const RESULTS = /"results"\s*:\s*$/;

/** How deep a request is: on the socket it is a field of its operation. */
const REQUEST_DEPTHS: readonly number[] = [1, 2];

/** How much text before a list is looked at. */
const BEFORE_CHARACTERS = 32;

/** How deep the objects of an HTTP request are: the request, its list of messages, each message. Bodies are deeper. */
export const HTTP_DEPTH = 3;

const FIELDS_LEFT_OUT = new WeakMap<object, number>();

/** How many fields of a parsed request were left out. If there are any, the request breaks its schema. */
export function fieldsLeftOut(value: unknown): number {
  return typeof value === "object" && value !== null ? (FIELDS_LEFT_OUT.get(value) ?? 0) : 0;
}

/**
 * Parses a request. Of an object or list with more than `ENTRIES_MAX` entries only the first are parsed: `check` refuses
 * it, and counts the others.
 *
 * @param depth how many levels of objects and lists belong to the request itself; deeper levels are message bodies
 * @throws {SyntaxError} if the text is not JSON
 * @throws {ProblemError} `too_large` if an object in a body has more than `BODY_FIELDS_MAX` fields
 */
export function parseRequest(text: string, depth: number): unknown {
  if (text.length <= SHORT_CHARACTERS) return JSON.parse(text);
  const { kept, fields } = new Shortening(text, depth).run();
  const value: unknown = JSON.parse(kept);
  if (fields > 0 && typeof value === "object" && value !== null) {
    FIELDS_LEFT_OUT.set(value, fields);
    // On the socket the request is a field of its operation.
    const { request } = value as { request?: unknown };
    if (typeof request === "object" && request !== null) FIELDS_LEFT_OUT.set(request, fields);
  }
  return value;
}

const [QUOTE, BACKSLASH, COMMA] = ['"', "\\", ","].map((character) => character.charCodeAt(0));
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_LIST, CLOSE_LIST] = [..."{}[]"].map((character) => character.charCodeAt(0));

/** One pass over a text that may not be JSON: errors are found when the result is parsed. */
class Shortening {
  readonly #text: string;
  readonly #depth: number;
  readonly #kept: string[] = [];
  /** Where the text that is kept begins; undefined while text is left out. */
  #keptFrom: number | undefined = 0;
  #fields = 0;
  /** For each object and list around the current place: its entries so far, and whether it is an object. */
  readonly #entries: number[] = [];
  readonly #areObjects: boolean[] = [];
  /** The depth of the list of results while the place is in it, else 0. What is deeper is theirs. */
  #resultsDepth = 0;
  /** The depth of the object or list whose other entries are left out. */
  #cutDepth = 0;

  constructor(text: string, depth: number) {
    this.#text = text;
    this.#depth = depth;
  }

  run(): { kept: string; fields: number } {
    const text = this.#text;
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) at = endOfString(text, at);
      else if (code === COMMA) this.#next(at);
      else if (code === OPEN_OBJECT || code === OPEN_LIST) this.#open(code === OPEN_OBJECT, at);
      else if (code === CLOSE_OBJECT || code === CLOSE_LIST) this.#close(at);
    }
    if (this.#keptFrom !== undefined) this.#kept.push(text.slice(this.#keptFrom));
    return { kept: this.#kept.join(""), fields: this.#fields };
  }

  #open(isObject: boolean, at: number): void {
    const isInRequest = !isObject && REQUEST_DEPTHS.includes(this.#entries.length);
    this.#entries.push(1);
    if (isInRequest && RESULTS.test(this.#text.slice(Math.max(0, at - BEFORE_CHARACTERS), at))) {
      this.#resultsDepth = this.#entries.length;
    }
    this.#areObjects.push(isObject);
  }

  #close(at: number): void {
    if (this.#keptFrom === undefined && this.#entries.length === this.#cutDepth) this.#keptFrom = at;
    if (this.#entries.length === this.#resultsDepth) this.#resultsDepth = 0;
    this.#entries.pop();
    this.#areObjects.pop();
  }

  #next(at: number): void {
    const depth = this.#entries.length;
    if (depth === 0) return;
    const entries = (this.#entries[depth - 1] ?? 0) + 1;
    this.#entries[depth - 1] = entries;
    const isObject = this.#areObjects[depth - 1] === true;
    if (depth > this.#depth || (this.#resultsDepth > 0 && depth > this.#resultsDepth)) {
      if (!isObject || entries <= BODY_FIELDS_MAX) return;
      throw new ProblemError(
        "too_large",
        `An object in a body has more than ${BODY_FIELDS_MAX} fields, which is the most.`,
      );
    }
    if (entries <= ENTRIES_MAX) return;
    if (this.#keptFrom !== undefined) {
      this.#kept.push(this.#text.slice(this.#keptFrom, at));
      this.#keptFrom = undefined;
      this.#cutDepth = depth;
    }
    if (isObject && depth === this.#cutDepth) this.#fields += 1;
  }
}

/** The place of the quotation mark that ends a string; the end of the text if there is none. */
function endOfString(text: string, begin: number): number {
  for (let at = begin; ; ) {
    at = text.indexOf('"', at + 1);
    if (at < 0) return text.length;
    let backslashes = 0;
    while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return at;
  }
}
