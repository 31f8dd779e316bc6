import type { ServerEnv } from "../env.ts";
import type { Command } from "../queue/base/commands.ts";

/** While there are puts, the host is asked at most once in this time, in milliseconds. */
const ASK_HOST_MS = 250;

/** An answer of the host holds for this long, in milliseconds, if nothing was put since. */
const STATUS_HOLDS_MS = 1_000;

/** The longest wait for an answer, in milliseconds. The host answers from its memory. */
const ANSWER_MS = 100;

/** The detail of `storage_full` if a write failed for lack of room. */
export const STORAGE_FULL =
  "The disk, or the storage that the plan gives a queue, is full. This was not applied; free storage, then try again.";

/** Whether an error means that there is no room: on the disk, or in the storage that the plan gives an object. */
export function isFullError(error: unknown): boolean {
  return error instanceof Error && /SQLITE_FULL|database or disk is full/.test(error.message);
}

/** Throws an error again, unless it is of a full storage: a deletion goes on then, because it makes room. */
export function unlessFull(error: unknown): void {
  if (!isFullError(error)) throw error;
}

/** Whether the disk is nearly full, as the local server reports it. Hosted there is no such report, and it never is. */
export class HostStatus {
  readonly #env: ServerEnv;
  #isNearlyFull = false;
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(env: ServerEnv) {
    this.#env = env;
  }

  /** The last answer. */
  get isNearlyFull(): boolean {
    return this.#env.HOST_STATUS !== undefined && this.#isNearlyFull;
  }

  /**
   * Whether the disk counts as nearly full in a commit batch with puts. Asks the host now and then without waiting for the
   * answer, which counts for the next commit batch, so that no put takes longer. Only after a pause the answer "nearly
   * full" is checked again before a put is refused.
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

  /** Asks the host. Without an answer in time, the last one stays valid. */
  async ask(): Promise<void> {
    try {
      const response = await this.#env.HOST_STATUS?.fetch("http://status/disk-nearly-full", {
        signal: AbortSignal.timeout(ANSWER_MS),
      });
      await response?.body?.cancel();
      this.#isNearlyFull = response?.status === 200;
    } catch (error) {
      // The last answer is the best guess; if the disk is full all the same, a commit fails.
      const message = "the host did not report whether its disk is nearly full.";
      this.#env.server.log({ level: "warn", source: "host", code: "unavailable", message, error });
    }
  }
}

/**
 * Verbs that are applied while nothing can be stored: reads, what is in memory alone, a delete, which makes room, and puts that
 * were stored before.
 */
export const ADMITTED_WHEN_FULL: ReadonlySet<Command["verb"]> = new Set([
  "describe",
  "messages",
  "peek",
  "result",
  "jobs",
  "tasks",
  "watch",
  "unwatch",
  "progress",
  "delete",
  "put",
]);

/** Verbs that wait until something can be stored, because a refusal would end them for good. */
export const PATIENT: ReadonlySet<Command["verb"]> = new Set([
  "subscribe",
  "unsubscribe",
  "begin",
  "cancel_wait",
  "transfer_result",
  "note_push_fault",
]);
