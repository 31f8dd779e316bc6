/** Converts the seconds of the interface, with fractions, to the whole milliseconds of the queue. */
export function milliseconds(seconds: number): number {
  return Math.round(seconds * 1_000);
}

/** The same for a time that may be absent. */
export function orMilliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : milliseconds(seconds);
}
