/** Queues that are remembered. The one that failed longest ago is forgotten first. */
const QUEUES_MAX = 1_000;

/** How long a failure is remembered, in milliseconds: longer than clients take to connect and ask again. */
const REMEMBERED_MS = 60_000;

/**
 * Queues whose object was reset because a commit failed, and with how many commands.
 *
 * The callers of a failed commit ask again, of a new object that knows nothing. It must not put their commands into
 * one commit again, or the one that made it fail takes the others along for ever. Kept for the isolate and not stored:
 * what makes commits fail may make all writes fail.
 */
export class RecentFailures {
  readonly #byName = new Map<string, { commands: number; until: number }>();

  /** Notes that a commit with so many commands failed and that the object is reset. */
  note(name: string, commands: number, now: number): void {
    this.#byName.delete(name);
    this.#byName.set(name, { commands, until: now + REMEMBERED_MS });
    for (const oldest of this.#byName.keys()) {
      if (this.#byName.size <= QUEUES_MAX) break;
      this.#byName.delete(oldest);
    }
  }

  /** How many commands are to be committed each by itself: as many as the failed commit had. Forgets the failure. */
  take(name: string, now: number): number {
    const failure = this.#byName.get(name);
    this.#byName.delete(name);
    return failure !== undefined && failure.until > now ? failure.commands : 0;
  }
}
