import { STORAGE_BYTES_MAX } from "./limits.ts";

/** At most 15 digits: larger numbers are no longer exact. */
const WHOLE_NUMBER = /^[1-9][0-9]{0,14}$/;

/**
 * The bound of a queue's database in bytes, from the text of the variable `STORAGE_BYTES_MAX`. An absent or empty
 * variable gives the default. A mistyped one must never mean "no bound".
 *
 * @throws {Error} with a sentence for the operator, if the text is not a bound
 */
export function parseStorageBytesMax(text: string | null | undefined): number {
  if (text === undefined || text === null || text === "") return STORAGE_BYTES_MAX;
  if (WHOLE_NUMBER.test(text)) return Number(text);
  const shown = text.length > 100 ? `${text.slice(0, 100)}…` : text;
  throw new Error(
    `STORAGE_BYTES_MAX is ${JSON.stringify(shown)}: it must be a whole number of bytes, at least 1, in digits only.`,
  );
}

/** The sentence that `parseStorageBytesMax` would throw; undefined if the text is a bound. */
export function storageBytesFault(text: string | null | undefined): string | undefined {
  try {
    parseStorageBytesMax(text);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
