export function escaped(value: string): string {
  return value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}

export function text(x: number, y: number, value: string, kind: string): string {
  return `<text class="${kind}" x="${rounded(x)}" y="${rounded(y)}">${escaped(value)}</text>`;
}

/** More digits would only make the file longer. */
export function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
