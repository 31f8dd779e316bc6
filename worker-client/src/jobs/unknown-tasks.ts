import { TASK_HEADER } from "../../../src/contract/limits.ts";
import { QueueError } from "../base/errors.ts";
import type { WorkerReports } from "../events/worker-reports.ts";
import type { Message } from "../message/message.ts";

/** How long messages of an unknown task are not visible: at first, and at most. */
const FIRST_SECONDS = 1;
const LONGEST_SECONDS = 60;

/** More names are not kept. */
const NAMES_MAX = 1_000;

/** Messages whose task a worker does not know: they are left to other workers, and not lost. */
export class UnknownTasks {
  readonly #queue: string;
  readonly #served: readonly string[];
  readonly #reports: Pick<WorkerReports, "error">;
  /** By the names of tasks; "" for messages of none. */
  readonly #delays = new Map<string, { seconds: number; until: number }>();

  /** @param served the names of the tasks that the worker serves */
  constructor(queue: string, served: readonly string[], reports: Pick<WorkerReports, "error">) {
    this.#queue = queue;
    this.#served = served;
    this.#reports = reports;
  }

  /** After how long the message is to be visible again, in seconds: for each name longer and longer. */
  delayOf(message: Message<unknown>): number {
    const name = message.headers[TASK_HEADER] ?? "";
    const known = this.#delays.get(name);
    const now = performance.now();
    if (known === undefined) {
      this.#tell(name, message);
      if (this.#delays.size === NAMES_MAX) this.#delays.clear();
    } else if (now < known.until) {
      return known.seconds;
    }
    const seconds = known === undefined ? FIRST_SECONDS : Math.min(LONGEST_SECONDS, known.seconds * 2);
    this.#delays.set(name, { seconds, until: now + seconds * 1_000 });
    return seconds;
  }

  #tell(name: string, message: Message<unknown>): void {
    const what = name === "" ? "messages that are of no task" : `jobs of the task ${name}`;
    const serves = this.#served.join(", ");
    const text = `${this.#queue} has ${what}, which this worker does not serve: it serves ${serves}. They wait for another worker.`;
    this.#reports.error(new QueueError(text, { code: "unknown_task", queue: this.#queue }), message);
  }
}
