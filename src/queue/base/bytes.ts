/** Shorter texts are counted by their code units: in characters. */
const SHORT_CHARACTERS = 2_048;

/** So many characters are encoded at a time, into memory for their bytes, of which a character has at most three. */
const PIECE_CHARACTERS = 8 * 1024;

/**
 * The size of a text in UTF-8, in bytes.
 *
 * Exactly the length that `TextEncoder` gives, which counts a long text in a twentieth of the time. A surrogate without its
 * other half is replaced by U+FFFD, which has 3 bytes.
 */
export function utf8Bytes(text: string): number {
  const { length } = text;
  if (length <= SHORT_CHARACTERS) return bytesOfUnits(text);
  const encoder = new TextEncoder();
  const piece = new Uint8Array(PIECE_CHARACTERS * 3);
  let bytes = 0;
  for (let begin = 0, end = 0; begin < length; begin = end) {
    end = Math.min(length, begin + PIECE_CHARACTERS);
    // Both halves of a character are in one piece.
    if (end < length && isHighSurrogate(text.charCodeAt(end - 1))) end -= 1;
    bytes += encoder.encodeInto(text.slice(begin, end), piece).written;
  }
  return bytes;
}

function bytesOfUnits(text: string): number {
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
