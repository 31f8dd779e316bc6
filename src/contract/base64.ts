/** Base64 as of RFC 4648, section 4, with padding: checked in one pass, so that its length cannot exhaust a stack. */

/** The length of the base64 text of so many bytes. */
export function base64CharactersOf(bytes: number): number {
  return Math.ceil(bytes / 3) * 4;
}

/** The bytes for which a base64 text stands. The text must have a length of base64: a multiple of four. */
export function base64BytesOf(text: string): number {
  return (text.length / 4) * 3 - paddingOf(text);
}

/** Whether a text is base64 and nothing else: no spaces, no line feeds, no letters of the URL-safe alphabet. */
export function isBase64(text: string): boolean {
  if (text.length % 4 !== 0) return false;
  const end = text.length - paddingOf(text);
  for (let index = 0; index < end; index += 1) {
    if (!isLetter(text.charCodeAt(index))) return false;
  }
  return true;
}

function paddingOf(text: string): number {
  if (text.endsWith("==")) return 2;
  return text.endsWith("=") ? 1 : 0;
}

const [UPPER_A, UPPER_Z, LOWER_A, LOWER_Z, ZERO, NINE] = [65, 90, 97, 122, 48, 57] as const;
const [PLUS, SLASH] = [43, 47] as const;

function isLetter(code: number): boolean {
  const isAlphabetic = (code >= LOWER_A && code <= LOWER_Z) || (code >= UPPER_A && code <= UPPER_Z);
  return isAlphabetic || (code >= ZERO && code <= NINE) || code === PLUS || code === SLASH;
}
