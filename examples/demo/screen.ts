/** What the demo shows: lines, and below them on a terminal how far all is. */

const WIDTH = 28;

/** What is drawn below the last line; empty if nothing is. */
let drawn = "";

/** Draws a bar for each part that is given, a number from 0 to 1, in one line. */
export function draw(parts: Readonly<Record<string, number>>): void {
  if (!process.stdout.isTTY) return;
  const bars = Object.entries(parts).map(([name, part]) => {
    const full = Math.round(part * (WIDTH / Object.keys(parts).length));
    const width = Math.round(WIDTH / Object.keys(parts).length);
    return `${name} [${"█".repeat(full)}${"·".repeat(Math.max(0, width - full))}]`;
  });
  const line = bars.join("  ");
  if (line === drawn) return;
  process.stdout.write(`\r\x1b[K${line}`);
  drawn = line;
}

/** Prints a line. */
export function say(line: string): void {
  console.log(drawn === "" ? line : `\r\x1b[K${line}`);
  drawn = "";
}
