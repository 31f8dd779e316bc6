import { CHUNK_HEADER, TASK_HEADER } from "../../../src/contract/limits.ts";
import type { WorkerReports } from "../events/worker-reports.ts";
import type { Message } from "../message/message.ts";
import type { QueueCalls } from "../message/queue-calls.ts";
import { resultText } from "../message/result-text.ts";
import { servedNames, type TaskRegistry } from "../tasks/registry.ts";
import type { AnyTask } from "../tasks/task.ts";
import { Verdict } from "../workers/verdict.ts";
import type { Work } from "../workers/work.ts";
import { announcementOf } from "./announcement.ts";
import { checked, checkedInput, invalidInput, invalidOutput } from "./check-value.ts";
import { runChunk, type ServedTask } from "./chunk-work.ts";
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
    const served = servedNames(registry);
    this.#registry = registry;
    this.#calls = calls;
    this.#reports = reports;
    this.#unknown = new UnknownTasks(calls.queue, served, reports);
  }

  readonly handler = async (message: Message<unknown>): Promise<Verdict> => {
    const name = message.headers[TASK_HEADER] ?? "";
    const task = this.#taskOf(message);
    if (task?.run === undefined) return new Verdict({ verb: "release", delaySeconds: this.#unknown.delayOf(message) });
    const { run } = task;
    const count = message.headers[CHUNK_HEADER];
    if (count !== undefined) {
      const served = { name, task, run, queue: this.#calls.queue };
      return this.#withContext(name, message, (context) => chunkVerdict(served, Number(count), message, context));
    }
    const input = await checkedInput(task.input, message.item);
    if ("issues" in input) {
      const error = invalidInput(`The input of the task ${name}`, name, this.#calls.queue, input.issues);
      return new Verdict({ verb: "reject", error });
    }
    const returned = await this.#withContext(name, message, (context) => run(input.value as never, context));
    return this.#verdictOn(name, task, returned);
  };

  /** It is for each input. */
  readonly timeoutSecondsOf = (message: Message<unknown>, ofWorker: number | undefined): number | undefined => {
    const seconds = this.#taskOf(message)?.rules.timeoutSeconds ?? ofWorker;
    return seconds === undefined ? undefined : seconds * Number(message.headers[CHUNK_HEADER] ?? 1);
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

  async #withContext<Outcome>(
    name: string,
    message: Message<unknown>,
    run: (context: TaskRun) => Outcome,
  ): Promise<Awaited<Outcome>> {
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
      return await run(context);
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

/** What becomes of a message with several inputs: it is acked with what became of each of them. */
async function chunkVerdict(
  served: ServedTask,
  count: number,
  { item }: Message<unknown>,
  context: TaskRun,
): Promise<Verdict> {
  // Bytes are no JSON, so that they are alone in their message.
  const inputs = item instanceof Uint8Array ? [item] : item;
  if (!Array.isArray(inputs) || inputs.length !== count) {
    const message = `must be a JSON array of as many inputs as ${CHUNK_HEADER} says: ${count}`;
    const { name, queue } = served;
    const error = invalidInput(`The chunk of the task ${name}`, name, queue, [{ message, path: [] }]);
    return new Verdict({ verb: "reject", error });
  }
  const outcome = await runChunk(served, inputs, context);
  return new Verdict({ verb: "ack", value: outcome.reply, result: outcome.text });
}
