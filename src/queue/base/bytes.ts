/**
 * The size of a text in UTF-8, in bytes, without encoding it.
 *
 * Exactly the length that `TextEncoder` would give. A surrogate without its other half is replaced by U+FFFD, which has 3
 * bytes.
 */
export function utf8Bytes(text: string): number {
  const { length } = text;
  let bytes = length;
  for (let index = 0; index < length; index += 1) {
    const code = text.charCodeAt(index);
    if (code < 0x80) continue;
    if (code < 0x800) {
      bytes += 1;
    } else if (isHighSurrogate(code) && index + 1 < length && isLowSurrogate(text.charCodeAt(index + 1))) {
      // 4 bytes for both halves, of which 2 are in the length.
      bytes += 2;
      index += 1;
    } else {
      bytes += 2;
    }
  }
  return bytes;
}

/** Whether a UTF-16 code unit is the first half of a character that has two. */
export function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}

/** Whether a UTF-16 code unit is the second half of a character that has two. */
export function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}
