/** The interface speaks of seconds, with fractions; the queue of whole milliseconds. */
export function milliseconds(seconds: number): number {
  return Math.round(seconds * 1_000);
}

export function orMilliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : milliseconds(seconds);
}
