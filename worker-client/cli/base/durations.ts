/** Times and counts for people. */

const UNITS = [
  { name: "d", seconds: 86_400 },
  { name: "h", seconds: 3_600 },
  { name: "m", seconds: 60 },
] as const;

/** A duration in two units at most, as "2h 5m"; tenths below ten seconds. */
export function shownSeconds(seconds: number): string {
  if (seconds < 10) return `${Math.round(seconds * 10) / 10}s`;
  const parts: string[] = [];
  let left = Math.round(seconds);
  for (const { name, seconds: unit } of UNITS) {
    const count = Math.floor(left / unit);
    left -= count * unit;
    if (count > 0) parts.push(`${count}${name}`);
  }
  if (left > 0) parts.push(`${left}s`);
  return parts.slice(0, 2).join(" ");
}

/** How long ago something was, by the clock of this machine. */
export function shownAge(date: Date): string {
  return shownSeconds(Math.max(0, (Date.now() - date.getTime()) / 1_000));
}

/** A count with its thousands apart, as 1,234. */
export function shownCount(count: number): string {
  return count.toLocaleString("en-US");
}

/** A count with its noun, as "1 message" or "1,234 messages". */
export function counted(count: number, noun: string): string {
  return `${shownCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** A point in time in UTC, to the second. */
export function shownDate(date: Date): string {
  return date
    .toISOString()
    .replace("T", " ")
    .replace(/\.\d+Z$/, "Z");
}
