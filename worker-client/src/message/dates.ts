/** A point in time of the interface, which has seconds since 1970. */
export function dateOf(seconds: number): Date {
  return new Date(seconds * 1_000);
}

/** The same for one that may be missing. */
export function dateOrUndefined(seconds: number | undefined): Date | undefined {
  return seconds === undefined ? undefined : dateOf(seconds);
}
