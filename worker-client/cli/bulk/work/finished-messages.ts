import type { Message } from "../../../src/index.ts";
import type { FinishedLine, FromProcess } from "./process-messages.ts";

/** How long finished messages wait to be told together, in milliseconds. */
const TELL_MS = 100;

/** Finished messages that are told at once, however short the others have waited. */
const TOLD_MAX = 500;

/** The characters of an error that are told. */
const ERROR_CHARACTERS_MAX = 1_024;

/** Tells the messages that a process has finished, several at a time. */
export class FinishedMessages {
  readonly #tellsLines: boolean;
  readonly #tell: (message: FromProcess) => void;
  #done = 0;
  #failed = 0;
  #lines: string[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** @param tellsLines whether there is a line for each message, and not only their number */
  constructor(tellsLines: boolean, tell: (message: FromProcess) => void) {
    this.#tellsLines = tellsLines;
    this.#tell = tell;
  }

  /**
   * @param task the name of its task, of a job
   * @param failure what the handler threw, if it did
   */
  add({ id, attempt }: Message<unknown>, task: string | undefined, ms: number, failure?: { error: unknown }): void {
    if (failure === undefined) this.#done += 1;
    else this.#failed += 1;
    if (this.#tellsLines) {
      const error = failure === undefined ? {} : { error: textOf(failure.error) };
      const seconds = Math.round(ms) / 1_000;
      const outcome = failure === undefined ? "done" : "failed";
      const line: FinishedLine = { id, ...(task === undefined ? {} : { task }), outcome, attempt, seconds, ...error };
      this.#lines.push(JSON.stringify(line));
    }
    if (this.#done + this.#failed >= TOLD_MAX) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), TELL_MS).unref();
  }

  /** Tells what is not told yet. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#done + this.#failed === 0) return;
    this.#tell({ kind: "finished", done: this.#done, failed: this.#failed, lines: this.#lines });
    this.#done = 0;
    this.#failed = 0;
    this.#lines = [];
  }
}

function textOf(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.slice(0, ERROR_CHARACTERS_MAX);
}
