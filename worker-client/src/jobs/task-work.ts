import { TASK_HEADER } from "../../../src/contract/limits.ts";
import type { WorkerReports } from "../events/worker-reports.ts";
import type { Message } from "../message/message.ts";
import type { QueueCalls } from "../message/queue-calls.ts";
import { resultText } from "../message/result-text.ts";
import type { TaskRegistry } from "../tasks/registry.ts";
import type { AnyTask } from "../tasks/task.ts";
import { Verdict } from "../workers/verdict.ts";
import type { Work } from "../workers/work.ts";
import { announcementOf } from "./announcement.ts";
import { checked, invalidInput, invalidOutput } from "./check-value.ts";
import { taskLog } from "./task-log.ts";
import { TaskProgress } from "./task-progress.ts";
import { TaskRun } from "./task-run.ts";
import { UnknownTasks } from "./unknown-tasks.ts";

/** What is told while tasks are worked on. */
export type TaskReports = Pick<WorkerReports, "log" | "error">;

/** What a worker does that serves the tasks of a registry. */
export class TaskWork implements Work {
  readonly #registry: TaskRegistry;
  readonly #calls: QueueCalls;
  readonly #reports: TaskReports;
  readonly #unknown: UnknownTasks;
  /** Of the jobs that run and have told of their progress. */
  readonly #progress = new Set<TaskProgress>();

  /** @throws {TypeError} if no task of the registry has a handler */
  constructor(registry: TaskRegistry, calls: QueueCalls, reports: TaskReports) {
    const served = Object.keys(registry.tasks).filter((name) => registry.tasks[name]?.run !== undefined);
    if (served.length === 0) {
      throw new TypeError(`No task of ${registry.queue} has a handler here: task() takes it as the option run.`);
    }
    this.#registry = registry;
    this.#calls = calls;
    this.#reports = reports;
    this.#unknown = new UnknownTasks(calls.queue, served, reports);
  }

  readonly handler = async (message: Message<unknown>): Promise<Verdict> => {
    const name = message.headers[TASK_HEADER] ?? "";
    const task = this.#taskOf(message);
    if (task?.run === undefined) return new Verdict({ verb: "release", delaySeconds: this.#unknown.delayOf(message) });
    const input = await inputOf(task, message.item);
    if ("issues" in input) {
      const error = invalidInput(`The input of the task ${name}`, name, this.#calls.queue, input.issues);
      return new Verdict({ verb: "reject", error });
    }
    return this.#verdictOn(name, task, await this.#run(name, task.run, input.value, message));
  };

  readonly timeoutSecondsOf = (message: Message<unknown>): number | undefined => {
    return this.#taskOf(message)?.rules.timeoutSeconds;
  };

  /** The server may be another one now, which knows of no progress. */
  readonly connected = (): void => {
    for (const progress of this.#progress) progress.again();
  };

  /** Tells the queue which tasks this worker serves. It is only shown, so that nothing depends on it. */
  announce(): void {
    const request = { tasks: announcementOf(this.#registry) };
    this.#calls.send("announce", { request }).catch(() => undefined);
  }

  #taskOf({ headers }: Message<unknown>): AnyTask | undefined {
    const { tasks } = this.#registry;
    const name = headers[TASK_HEADER] ?? "";
    return Object.hasOwn(tasks, name) ? tasks[name] : undefined;
  }

  async #run(name: string, run: NonNullable<AnyTask["run"]>, input: unknown, message: Message<unknown>) {
    let progress: TaskProgress | undefined;
    const context = new TaskRun(
      name,
      message,
      () => {
        progress ??= new TaskProgress(message);
        this.#progress.add(progress);
        return progress;
      },
      () => taskLog(this.#calls.queue, name, message, this.#reports.log),
    );
    try {
      return await run(input as never, context);
    } finally {
      progress?.end();
      if (progress !== undefined) this.#progress.delete(progress);
    }
  }

  /** An output that is none is no other at the next attempt. */
  async #verdictOn(name: string, task: AnyTask, returned: unknown): Promise<Verdict> {
    const { queue } = this.#calls;
    try {
      const output = await checked(task.output, returned);
      if ("issues" in output) return new Verdict({ verb: "reject", error: invalidOutput(name, queue, output.issues) });
      return new Verdict({
        verb: "ack",
        value: output.value,
        result: resultText(output.value, `the task ${name}`, queue),
      });
    } catch (error) {
      return new Verdict({ verb: "reject", error });
    }
  }
}

/** An input that was undefined has travelled as null. */
async function inputOf({ input: schema }: AnyTask, item: unknown) {
  const asSent = await checked(schema, item);
  if (item !== null || !("issues" in asSent)) return asSent;
  const asUndefined = await checked(schema, undefined);
  return "issues" in asUndefined ? asSent : asUndefined;
}
