import type { PushBatch, PushCalls, PushVerdict } from "../../src/api/push.ts";
import type { ReceivedMessage } from "../../src/api/types.ts";
import type { Logger } from "../src/events/log.ts";
import { type OnError, WorkerReports } from "../src/events/worker-reports.ts";
import { announcementOf } from "../src/jobs/announcement.ts";
import { TaskWork } from "../src/jobs/task-work.ts";
import { errorParts } from "../src/message/error-parts.ts";
import { Lease } from "../src/message/lease.ts";
import { Message } from "../src/message/message.ts";
import { QueueCalls } from "../src/message/queue-calls.ts";
import type { TaskRegistry } from "../src/tasks/registry.ts";
import { run } from "../src/workers/run-handler.ts";
import { Verdict } from "../src/workers/verdict.ts";
import { BatchRoute } from "./batch-route.ts";

/** How the jobs of a registry are reported. */
export interface TaskReports {
  onError?: OnError | undefined;
  logger?: Logger | undefined;
}

/** Lets the tasks of a registry handle the jobs of a batch: all of them at the same time. */
export class TaskRunner {
  readonly #registry: TaskRegistry;
  readonly #reports: WorkerReports;
  readonly #work: TaskWork;
  #isAnnounced = false;

  /** @throws {TypeError} if no task of the registry has a handler */
  constructor(registry: TaskRegistry, reports: TaskReports) {
    this.#registry = registry;
    this.#reports = new WorkerReports(registry.queue, reports);
    this.#work = new TaskWork(registry, new QueueCalls(registry.queue, NO_ROUTE), this.#reports);
  }

  /** What becomes of each job, in their order. */
  async handle({ queue, messages }: PushBatch, calls: PushCalls, timeoutSeconds: number): Promise<PushVerdict[]> {
    this.#announce(calls);
    const route = new BatchRoute(queue, calls);
    const queueCalls = new QueueCalls(queue, route);
    const jobs = (JSON.parse(messages) as ReceivedMessage[]).map(
      (received) => new Message<unknown>(received, new Lease(timeoutSeconds * 1_000), queueCalls),
    );
    const handled = { isOver: false };
    void this.#watchLost(jobs, calls, handled);
    const verdicts = await Promise.all(jobs.map((job) => this.#handleOne(job, route, timeoutSeconds)));
    handled.isOver = true;
    return verdicts;
  }

  /** Tells the queue once which tasks are served. It is only shown, so that nothing depends on it. */
  #announce(calls: PushCalls): void {
    if (this.#isAnnounced) return;
    this.#isAnnounced = true;
    const told = calls.ask("announce", { tasks: announcementOf(this.#registry) });
    told.catch(() => {
      this.#isAnnounced = false;
    });
  }

  /** Aborts the signals of jobs that are taken away while they run, as of one that is cancelled. */
  async #watchLost(jobs: readonly Message<unknown>[], calls: PushCalls, handled: { isOver: boolean }): Promise<void> {
    while (!handled.isOver) {
      const lost = await calls.lost().catch((): readonly string[] => []);
      if (lost.length === 0) return;
      for (const job of jobs) if (!job.isSettled && lost.includes(job.receipt)) job.lose();
    }
  }

  #handleOne(job: Message<unknown>, route: BatchRoute, timeoutSeconds: number): Promise<PushVerdict> {
    const { queue } = this.#registry;
    const seconds = Math.min(this.#work.timeoutSecondsOf(job, undefined) ?? timeoutSeconds, timeoutSeconds);
    this.#reports.started(job);
    return new Promise((resolve) => {
      run(this.#work.handler, job, seconds, queue, (failure, returned) => {
        const verdict = this.#verdictOn(job, route, failure, returned);
        job.settle();
        resolve(verdict);
      });
    });
  }

  #verdictOn(
    job: Message<unknown>,
    route: BatchRoute,
    failure: { error: unknown } | undefined,
    returned: unknown,
  ): PushVerdict {
    if (failure !== undefined) this.#reports.threw(job, failure.error);
    const decided = route.verdictOn(job.receipt);
    if (decided !== undefined) return decided;
    if (failure !== undefined) return { verb: "retry", error: errorParts(failure.error) };
    if (!(returned instanceof Verdict)) return { verb: "ack" };
    const { act } = returned;
    if (act.verb === "release") return { verb: "release", delayMs: act.delaySeconds * 1_000 };
    if (act.verb === "reject") {
      this.#reports.threw(job, act.error);
      this.#reports.dead(job, act.error, "rejected");
      return { verb: "reject", error: errorParts(act.error) };
    }
    this.#reports.returned(job, act.value);
    this.#reports.completed(job);
    return { verb: "ack", result: act.result };
  }
}

/** What serves the tasks needs a queue for its name alone: messages have routes of their own. */
const NO_ROUTE = {
  place: { address: "The queue" },
  send: () => Promise.reject(new Error("There is no route outside of a batch.")),
  close: () => undefined,
};
