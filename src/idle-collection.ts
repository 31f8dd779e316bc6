/** How long nothing may have been done before garbage is collected, in milliseconds, the first time and the second. */
const IDLE_MS = [3_000, 15_000] as const;

/**
 * Collects garbage while nothing is done.
 *
 * V8 collects when it needs room, so a server that was busy and then is idle keeps the garbage of its busiest moment.
 * The second collection takes what idle objects held, which the platform drops after ten seconds. Only a server on one's
 * own machine is started so that garbage can be collected by request (`--expose-gc`); elsewhere this does nothing.
 */
export class IdleCollection {
  #workedAt = 0;
  /** How often garbage was collected since something was done. */
  #collections: number = IDLE_MS.length;

  /** To be told that something is done. All objects of an isolate share this, so its time is that of the isolate. */
  noteWork(now = Date.now()): void {
    this.#workedAt = now;
    this.#collections = 0;
  }

  /** To be called now and then. Answers whether garbage was collected. */
  collectIfIdle(now: number, collect = collectorOf(globalThis)): boolean {
    const idleMs = IDLE_MS[this.#collections];
    if (collect === undefined || idleMs === undefined || now - this.#workedAt < idleMs) return false;
    this.#collections += 1;
    collect();
    return true;
  }
}

function collectorOf(scope: object): (() => void) | undefined {
  return "gc" in scope && typeof scope.gc === "function" ? (scope.gc as () => void) : undefined;
}
