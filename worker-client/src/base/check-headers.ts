import {
  CHUNK_HEADER,
  CHUNK_PATTERN,
  HEADER_NAME_PATTERN,
  HEADER_NAME_RESERVED,
  HEADERS_BYTES_MAX,
  HEADERS_MAX,
  TASK_HEADER,
  TASK_NAME_PATTERN,
} from "../../../src/contract/limits.ts";
import { shown } from "./check-options.ts";

const encoder = new TextEncoder();

/**
 * Throws a `TypeError` for headers that are no object of texts, and a `RangeError` for names or sizes that break the rule
 * of the interface.
 */
export function checkHeaders(headers: unknown): Readonly<Record<string, string>> {
  if (typeof headers !== "object" || headers === null || Array.isArray(headers)) {
    throw new TypeError(`headers must be an object of texts, not ${shown(headers)}.`);
  }
  const entries = Object.entries(headers);
  if (entries.length > HEADERS_MAX) {
    throw new RangeError(`headers must have at most ${HEADERS_MAX} entries, not ${entries.length}.`);
  }
  let bytes = 0;
  for (const [name, value] of entries) {
    checkName(name);
    if (typeof value !== "string") throw new TypeError(`The header ${name} must be a text, not ${shown(value)}.`);
    if (name === TASK_HEADER && !TASK_NAME_PATTERN.test(value)) {
      const rule = "1 to 64 of A-Z a-z 0-9 . _ -, the first a letter or a digit";
      throw new RangeError(`The header ${name} must be the name of a task, ${rule}, not ${shown(value)}.`);
    }
    if (name === CHUNK_HEADER && !CHUNK_PATTERN.test(value)) {
      throw new RangeError(`The header ${name} must be a number of inputs, from 1 to 999999999, not ${shown(value)}.`);
    }
    bytes += name.length + encoder.encode(value).length;
  }
  if (bytes > HEADERS_BYTES_MAX) {
    throw new RangeError(`headers must have at most ${HEADERS_BYTES_MAX} bytes together, not ${bytes}.`);
  }
  return headers as Record<string, string>;
}

function checkName(name: string): void {
  if (!HEADER_NAME_PATTERN.test(name)) {
    throw new RangeError(`The name of a header must be 1 to 64 of a-z 0-9 and -, not ${shown(name)}.`);
  }
  if (name.startsWith(HEADER_NAME_RESERVED) && name !== TASK_HEADER && name !== CHUNK_HEADER) {
    throw new RangeError(`The name of a header must not begin with ${HEADER_NAME_RESERVED}, as ${shown(name)} does.`);
  }
}
