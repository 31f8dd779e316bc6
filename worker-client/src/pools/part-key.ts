/**
 * The key of a part of what has a key. Different keys have no part in common, nor is a part of one also another key of a call:
 * what comes before the first colon says which part it is.
 *
 * @param part without a colon
 */
export function partKey(part: string | number, key: string): string {
  return `${part}:${key}`;
}
