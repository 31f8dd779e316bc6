/** Texts as a terminal shows them. */

/** What a terminal would act upon, or would not show as it is: control characters, and those that change direction. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to be shown.
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** Marks that are drawn into the character before them, and joiners. */
const ZERO_WIDTH = /^(\p{Mark}|[\u200b-\u200d])$/u;

/** Scripts and pictures that take two columns. */
const TWO_COLUMNS =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]$/u;

/** A text without characters that a terminal would act upon: they are shown as escapes. */
export function shownText(text: string): string {
  return text.replace(CONTROLS, (character) => {
    const code = character.charCodeAt(0);
    if (code === 0x0a) return "\\n";
    if (code === 0x09) return "\\t";
    return `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

function columnsOf(character: string): number {
  if (ZERO_WIDTH.test(character)) return 0;
  return TWO_COLUMNS.test(character) ? 2 : 1;
}

/** How many columns of a terminal a text takes. */
export function widthOf(text: string): number {
  // Most texts are ASCII.
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += columnsOf(character);
  return width;
}

/** A text that takes at most `width` columns: a longer one is cut, which "…" shows. */
export function cutText(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let cut = "";
  let columns = 1;
  for (const character of text) {
    columns += columnsOf(character);
    if (columns > width) break;
    cut += character;
  }
  return `${cut}…`;
}

/** A text with spaces up to `width` columns. */
export function paddedText(text: string, width: number, side: "left" | "right"): string {
  const space = " ".repeat(Math.max(0, width - widthOf(text)));
  return side === "left" ? text + space : space + text;
}
