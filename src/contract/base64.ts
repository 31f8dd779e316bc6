/** Base64 of RFC 4648, section 4, with padding: checked in one pass, so that a long text cannot exhaust the stack. */

/** The length of the base64 text for a number of bytes. */
export function base64CharactersOf(bytes: number): number {
  return Math.ceil(bytes / 3) * 4;
}

/** The number of bytes that a base64 text encodes. The length of the text must be a multiple of four. */
export function base64BytesOf(text: string): number {
  return (text.length / 4) * 3 - paddingOf(text);
}

/** Whether a text is base64 only: without spaces, line feeds and letters of the URL-safe alphabet. */
export function isBase64(text: string): boolean {
  if (text.length % 4 !== 0) return false;
  const end = text.length - paddingOf(text);
  for (let index = 0; index < end; index += 1) {
    if (!isDigitOfBase64(text.charCodeAt(index))) return false;
  }
  return true;
}

function paddingOf(text: string): number {
  if (text.endsWith("==")) return 2;
  return text.endsWith("=") ? 1 : 0;
}

const [UPPER_A, UPPER_Z, LOWER_A, LOWER_Z, ZERO, NINE] = [65, 90, 97, 122, 48, 57] as const;
const [PLUS, SLASH] = [43, 47] as const;

function isDigitOfBase64(code: number): boolean {
  const isAlphabetic = (code >= LOWER_A && code <= LOWER_Z) || (code >= UPPER_A && code <= UPPER_Z);
  return isAlphabetic || (code >= ZERO && code <= NINE) || code === PLUS || code === SLASH;
}
