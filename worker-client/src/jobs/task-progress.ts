import { PROGRESS_BYTES_MAX } from "../../../src/contract/limits.ts";
import { Timer } from "../base/platform.ts";
import type { Message } from "../message/message.ts";

/** The progress of one job is sent at most once in this time, in milliseconds. */
const EVERY_MS = 250;

const encoder = new TextEncoder();

/** Sends the progress of one job: the last value, and not too often. */
export class TaskProgress {
  readonly #message: Message<unknown>;
  #last: { value: unknown } | undefined;
  #sentAt = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;
  #isOver = false;

  constructor(message: Message<unknown>) {
    this.#message = message;
  }

  /**
   * @throws {TypeError} for a value that has no JSON form
   * @throws {RangeError} for one that is too large
   */
  report(value: unknown): void {
    const text = JSON.stringify(value) ?? "null";
    const bytes = encoder.encode(text).length;
    if (bytes > PROGRESS_BYTES_MAX) {
      throw new RangeError(`progress() takes a value of at most ${PROGRESS_BYTES_MAX} bytes as JSON, not ${bytes}.`);
    }
    // As it is now: the handler may change it before it is sent.
    this.#last = { value: JSON.parse(text) };
    if (this.#isOver || this.#timer !== undefined) return;
    const leftMs = this.#sentAt + EVERY_MS - performance.now();
    if (leftMs <= 0) this.#send();
    else this.#timer = new Timer(leftMs, () => this.#send(), { holds: false });
  }

  /** Sends the last value again: the server keeps it in memory alone. */
  again(): void {
    if (!this.#isOver && this.#timer === undefined) this.#send();
  }

  /** The job has ended. */
  end(): void {
    this.#isOver = true;
    this.#timer?.clear();
  }

  #send(): void {
    this.#timer = undefined;
    if (this.#last === undefined || this.#message.isSettled) return;
    this.#sentAt = performance.now();
    // It aborts the signal if the job was cancelled. Without an answer the next value is sent.
    this.#message.progress(this.#last.value, { retrySeconds: 0 }).catch(() => undefined);
  }
}
