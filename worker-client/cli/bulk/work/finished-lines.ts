import { TASK_HEADER } from "../../../../src/contract/limits.ts";
import type { Message, Worker } from "../../../src/index.ts";

/** The characters of an error that are printed. */
const ERROR_CHARACTERS_MAX = 1_024;

/** The line for one finished message. */
interface FinishedLine {
  id: string;
  /** The name of the task, of a job. */
  task?: string;
  outcome: "done" | "failed";
  attempt: number;
  /** How long the handler took. */
  seconds: number;
  /** Why it failed. */
  error?: string;
}

/** Counts the messages that workers have finished, and writes a line for each if that is wanted. */
export class FinishedLines {
  done = 0;
  failed = 0;
  readonly #write: ((lines: string) => void) | undefined;
  readonly #beganAt = new WeakMap<Message<unknown>, number>();
  #lines: string[] = [];

  /** @param write undefined where only the numbers are wanted */
  constructor(write: ((lines: string) => void) | undefined) {
    this.#write = write;
  }

  /** Not by the event `failed`: what is told by that is not printed. */
  listenTo(worker: Worker): void {
    worker.on("started", ({ message }) => this.#beganAt.set(message, performance.now()));
    worker.on("completed", ({ message }) => {
      this.done += 1;
      this.#add(message, "done");
    });
    const failed = ({ message, error }: { message: Message<unknown>; error: unknown }) => {
      this.failed += 1;
      this.#add(message, "failed", { error: textOf(error) });
    };
    worker.on("retrying", failed);
    worker.on("dead", failed);
  }

  /** Writes what is not written yet. */
  flush(): void {
    if (this.#lines.length > 0) this.#write?.(`${this.#lines.join("\n")}\n`);
    this.#lines = [];
  }

  #add(message: Message<unknown>, outcome: "done" | "failed", error: { error?: string } = {}): void {
    if (this.#write === undefined) return;
    const { id, attempt, headers } = message;
    const task = headers[TASK_HEADER];
    const ms = performance.now() - (this.#beganAt.get(message) ?? performance.now());
    const seconds = Math.round(ms) / 1_000;
    const line: FinishedLine = { id, ...(task === undefined ? {} : { task }), outcome, attempt, seconds, ...error };
    // Those of one turn are written together.
    if (this.#lines.length === 0) setImmediate(() => this.flush());
    this.#lines.push(JSON.stringify(line));
  }
}

function textOf(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.slice(0, ERROR_CHARACTERS_MAX);
}
