import type { Env } from "../env.ts";

/** While there are puts, the host is asked this often at most, in milliseconds. */
const ASK_HOST_MS = 250;

/** What the host said is true for this long, in milliseconds, if nothing was put since. */
const STATUS_HOLDS_MS = 1_000;

/** An answer that takes longer is not waited for. The host answers from its memory. */
const ANSWER_MS = 100;

/** Whether an error says that there is no room: on the disk, or within what the plan gives an object. */
export function isFullError(error: unknown): boolean {
  return error instanceof Error && /SQLITE_FULL|database or disk is full/.test(error.message);
}

/** Whether the disk is nearly full, by the host that serves this object. Where there is none to be asked, it is not. */
export class HostStatus {
  readonly #env: Env;
  #isNearlyFull = false;
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(env: Env) {
    this.#env = env;
  }

  /** By the last answer. */
  get isNearlyFull(): boolean {
    return this.#env.HOST_STATUS !== undefined && this.#isNearlyFull;
  }

  /**
   * To be called in a commit batch in which something is put, for what counts in that commit batch. It asks the host now and then
   * without waiting for the answer, so that no put takes longer for it: the answer counts for the next commit batch. Only
   * after a pause a "nearly full" is asked about again before it refuses anything.
   */
  async notePuts(now: number): Promise<boolean> {
    const known = this.isNearlyFull;
    const age = now - this.#askedAt;
    if (this.#env.HOST_STATUS === undefined || age < ASK_HOST_MS) return known;
    this.#askedAt = now;
    const asked = this.ask();
    if (!known || age <= STATUS_HOLDS_MS) return known;
    await asked;
    return this.isNearlyFull;
  }

  /** Asks the host. What it does not answer, or not in time, leaves what was known. */
  async ask(): Promise<void> {
    try {
      const response = await this.#env.HOST_STATUS?.fetch("http://status/disk-nearly-full", {
        signal: AbortSignal.timeout(ANSWER_MS),
      });
      await response?.body?.cancel();
      this.#isNearlyFull = response?.status === 200;
    } catch (error) {
      // What was known before is the best guess; a disk that is full all the same is noticed by the commit that fails.
      console.error("The host does not say whether its disk is nearly full.", error);
    }
  }
}
