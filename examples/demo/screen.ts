/** What the demo shows: lines, and below them on a terminal how far all is. */

const WIDTH = 28;

let isDrawn = false;

/** Draws a bar for each part that is given, a number from 0 to 1, in one line. */
export function draw(parts: Readonly<Record<string, number>>): void {
  if (!process.stdout.isTTY) return;
  const bars = Object.entries(parts).map(([name, part]) => {
    const full = Math.round(part * (WIDTH / Object.keys(parts).length));
    const width = Math.round(WIDTH / Object.keys(parts).length);
    return `${name} [${"█".repeat(full)}${"·".repeat(Math.max(0, width - full))}]`;
  });
  process.stdout.write(`\r\x1b[K${bars.join("  ")}`);
  isDrawn = true;
}

/** Prints a line. */
export function say(line: string): void {
  console.log(isDrawn ? `\r\x1b[K${line}` : line);
  isDrawn = false;
}
