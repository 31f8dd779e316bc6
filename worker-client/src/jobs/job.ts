import type { JobReply } from "../../../src/api/types.ts";
import { CALL_OPTIONS, type CallOptions, checkOptions } from "../base/check-options.ts";
import { UnknownMessage, UnknownQueue, withCaller } from "../base/errors.ts";
import { hasEnded } from "../base/job-ends.ts";
import type { QueueCalls } from "../message/queue-calls.ts";
import type { Endable } from "./endable.ts";
import { checkResultOptions, endOf, type ResultOptions, resultOf } from "./ended-job.ts";
import { eventsOf } from "./job-events.ts";
import { type JobEvent, type JobStatus, statusOf } from "./job-status.ts";
import { watcherOf } from "./job-watcher.ts";

/**
 * A job that was submitted: its result can be awaited, here and in any other process that knows its id. Making one sends
 * nothing.
 *
 * @example
 * const job = await client.resize.submit({ url });
 * const { key } = await job.result({ timeoutSeconds: 30 });
 */
export class Job<Result = unknown> implements Endable {
  /** The id of its message: unique in its queue for all time. */
  readonly id: string;
  /** The name of its task; undefined where only the id is known. */
  readonly task: string | undefined;
  /** The name of its queue. */
  readonly queue: string;
  readonly #calls: QueueCalls;
  /** What it was when it had ended: it is not asked for again. */
  #end: JobReply | undefined;

  /** @internal Jobs come from the clients of tasks. */
  constructor(id: string, task: string | undefined, calls: QueueCalls) {
    this.id = id;
    this.task = task;
    this.queue = calls.queue;
    this.#calls = calls;
  }

  /**
   * Waits for the job's end, and answers with its result. As often as it is called, and by how many callers, the result
   * is the same, for as long as the queue keeps it; a job object keeps it too, once it has it.
   *
   * @throws {JobFailed} if the job has failed
   * @throws {JobCancelled} if it was cancelled
   * @throws {Timeout} if it had not ended in time: it goes on
   * @throws {UnknownMessage} if it is not in the queue; `expired` says whether it was
   */
  async result(options: ResultOptions = {}): Promise<Result> {
    checkResultOptions("result()", options);
    options.signal?.throwIfAborted();
    try {
      this.#end ??= await endOf(this.id, this.#calls, options);
      return resultOf<Result>(this.#end, this.queue);
    } catch (error) {
      throw withCaller(error);
    }
  }

  /** What the job is now. Throws `UnknownMessage` as `result` does. */
  async status(options: CallOptions = {}): Promise<JobStatus<Result>> {
    checkOptions("status()", options, CALL_OPTIONS);
    const { value } = await this.#calls.send<JobReply>("result", { request: { id: this.id }, ...options });
    // A job that has failed goes on after a redrive.
    this.#end = hasEnded(value) ? value : undefined;
    return statusOf<Result>(value);
  }

  /**
   * Cancels the job: if it waits, it is removed; if it runs, its handler's signal is aborted. Those that wait for its
   * result get `JobCancelled`. False if it had ended, also because an earlier try cancelled it and its answer was lost.
   */
  async cancel(options: CallOptions = {}): Promise<boolean> {
    checkOptions("cancel()", options, CALL_OPTIONS);
    try {
      await this.#calls.send("cancel", { request: { id: this.id }, ...options });
      return true;
    } catch (error) {
      if (error instanceof UnknownMessage || error instanceof UnknownQueue) return false;
      throw error;
    }
  }

  /**
   * What happens to the job, beginning with what it is now: each change of its state, and its progress. Ends with the
   * job, also where that fails: the last event says so. Throws `UnknownMessage` as `result` does.
   */
  [Symbol.asyncIterator](): AsyncGenerator<JobEvent<Result>> {
    return eventsOf<Result>(this.id, this.#calls);
  }

  /**
   * Calls back once, when it has ended or nothing more is known of it. The result leaves before that.
   *
   * @param ended gets whether there is an error in the place of a result
   */
  whenEnded(ended: (hasFailed: boolean) => void): () => void {
    if (this.#end !== undefined) {
      ended(this.#end.state === "failed");
      return () => undefined;
    }
    return watcherOf(this.#calls.route).watch(this.id, {
      wantsAll: false,
      heard: (view) => {
        if (!hasEnded(view)) return;
        this.#end = view;
        ended(view.state === "failed");
      },
      failed: () => ended(true),
    });
  }
}
