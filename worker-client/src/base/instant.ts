/**
 * A moment of this machine, by two clocks. The wall clock goes on while the machine sleeps, but can be set; the steady
 * clock cannot be set, but may stand still while the machine sleeps. Where it matters that time has passed, the
 * larger difference counts.
 */
export interface Instant {
  /** Milliseconds since 1970. */
  readonly wallMs: number;
  /** Milliseconds since some time before. */
  readonly steadyMs: number;
}

/** This moment. */
export function instant(): Instant {
  return { wallMs: Date.now(), steadyMs: performance.now() };
}

/** How long ago that was, in milliseconds: the larger difference of the two clocks, at least 0. */
export function msSince({ wallMs, steadyMs }: Instant): number {
  return Math.max(0, Date.now() - wallMs, performance.now() - steadyMs);
}
