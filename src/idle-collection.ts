/** The idle time after which garbage is collected, in milliseconds, for the first and the second collection. */
const IDLE_MS = [3_000, 15_000] as const;

/**
 * Collects garbage while the server is idle.
 *
 * V8 collects when it needs room, so a server that was busy and then is idle keeps the garbage of its busiest moment.
 * The second collection frees the objects that the platform drops after ten idle seconds. Only a local server is started
 * with `--expose-gc`; elsewhere this does nothing.
 */
export class IdleCollection {
  #workedAt = 0;
  /** The number of collections since the last work. */
  #collections: number = IDLE_MS.length;

  /** Notes that the server works. All objects of an isolate share this, so its time is that of the isolate. */
  noteWork(now = Date.now()): void {
    this.#workedAt = now;
    this.#collections = 0;
  }

  /** To be called now and then. Returns whether garbage was collected. */
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
