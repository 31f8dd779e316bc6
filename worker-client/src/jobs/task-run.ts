import type { Message } from "../message/message.ts";
import type { TaskContext, TaskLog } from "../tasks/task-context.ts";
import type { TaskProgress } from "./task-progress.ts";

/** What the handler of one job gets. Most use only a part of it, so that parts are made when they are asked for. */
export class TaskRun implements TaskContext {
  readonly task: string;
  readonly message: Message<unknown>;
  readonly #progress: () => TaskProgress;
  readonly #log: () => TaskLog;

  /** @param progress makes what sends the job's progress, or gives that which was made */
  constructor(task: string, message: Message<unknown>, progress: () => TaskProgress, log: () => TaskLog) {
    this.task = task;
    this.message = message;
    this.#progress = progress;
    this.#log = log;
  }

  get id(): string {
    return this.message.id;
  }

  get attempt(): number {
    return this.message.attempt;
  }

  get signal(): AbortSignal {
    return this.message.signal;
  }

  get progress(): (value: unknown) => void {
    return (value) => this.#progress().report(value);
  }

  get log(): TaskLog {
    return this.#log();
  }
}
