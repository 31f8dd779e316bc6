import { checkFunction } from "../base/check-options.ts";
import { withCaller } from "../base/errors.ts";
import { JobCancelled, Timeout } from "../base/job-errors.ts";
import type { Endable } from "../jobs/endable.ts";
import type { Chunk } from "./chunk.ts";
import type { Ending } from "./ending.ts";
import { checkTimeout, GET_RESULT_OPTIONS, type GetResultOptions, waitEnd } from "./wait-end.ts";

/** What a future needs of its executor. */
export interface FutureParts {
  task: string;
  queue: string;
  ending: Ending<unknown>;
  /** Undefined if the input cannot be sent. */
  chunk: Chunk | undefined;
  /** Cancels the job, if no worker has begun with it; whether it was cancelled. */
  cancel(chunk: Chunk): Promise<boolean>;
  /** Lets the chunk hear whether a worker has begun with it. */
  follow(chunk: Chunk): void;
  /** Calls a function of the program, and reports what it throws. */
  call(callback: (future: Future<never>) => unknown, future: Future<never>): void;
}

/**
 * What a call of an executor results in, as Python's `Future`. An error that is not asked for is no unhandled rejection.
 *
 * @example
 * const future = executor.submit("square", 7);
 * console.log(await future.result({ timeoutSeconds: 10 }));
 */
export class Future<Result = unknown> implements Endable {
  readonly #parts: FutureParts;
  #isFollowed = false;

  /** @internal Futures come from executors. */
  constructor(parts: FutureParts) {
    this.#parts = parts;
  }

  /**
   * The id of its job, by which other programs find it; undefined until the queue has stored it. The call is a chunk of one, so
   * that the result of the job is `{ results: [result] }`; where the handler threw, it has `errors` too.
   */
  get jobId(): string | undefined {
    return this.#parts.chunk?.id;
  }

  /**
   * Cancels the call, if no worker has begun with it. False if one has, or if it has ended; true if it was cancelled, now or
   * before. Where a worker begins at the same moment, its handler's signal is aborted.
   *
   * @throws {Forbidden} if the key may not cancel jobs
   */
  async cancel(): Promise<boolean> {
    const { ending, chunk, cancel } = this.#parts;
    if (ending.isOver || chunk === undefined) return this.cancelled();
    return (await cancel(chunk)) || this.cancelled();
  }

  /** Whether it was cancelled. */
  cancelled(): boolean {
    return this.#parts.ending.error instanceof JobCancelled;
  }

  /**
   * Whether a worker has begun with it, and it has not ended, as far as is known here: the queue tells of it only from the
   * first call on, so that this is false.
   */
  running(): boolean {
    const { chunk, follow } = this.#parts;
    if (chunk === undefined || this.done()) return false;
    if (!this.#isFollowed) {
      this.#isFollowed = true;
      follow(chunk);
    }
    return chunk.isRunning;
  }

  /** Whether it has ended, or was cancelled. */
  done(): boolean {
    return this.#parts.ending.isOver;
  }

  /**
   * The result, when it is there.
   *
   * @throws {JobFailed} if the handler threw
   * @throws {JobCancelled} if it was cancelled
   * @throws {Timeout} if it has not ended in time: it goes on
   */
  async result(options: GetResultOptions = {}): Promise<Result> {
    await this.#end("result()", options);
    try {
      return this.#parts.ending.value as Result;
    } catch (error) {
      throw withCaller(error);
    }
  }

  /**
   * The error, when it has ended; undefined if there is a result.
   *
   * @throws {JobCancelled} if it was cancelled
   * @throws {Timeout} if it has not ended in time: it goes on
   */
  async exception(options: GetResultOptions = {}): Promise<unknown> {
    await this.#end("exception()", options);
    const { error } = this.#parts.ending;
    if (error instanceof JobCancelled) throw withCaller(error);
    return error;
  }

  /**
   * Calls back with this future when it has ended or was cancelled: at once if that is so. Several are called in the order of
   * these calls. What one throws is reported, and changes nothing.
   */
  addDoneCallback(callback: (future: Future<Result>) => unknown): void {
    checkFunction("The callback of addDoneCallback()", callback);
    const { ending, call } = this.#parts;
    ending.whenOver(() => call(callback as (future: Future<never>) => unknown, this as unknown as Future<never>));
  }

  /** Calls back once, when it has ended or was cancelled. The result leaves before that. */
  whenEnded(ended: (hasFailed: boolean) => void): () => void {
    const { ending } = this.#parts;
    return ending.whenOver(() => ended(ending.hasFailed && !this.cancelled()));
  }

  #end(call: string, options: GetResultOptions): Promise<void> {
    checkTimeout(call, options, GET_RESULT_OPTIONS);
    const { ending, task, queue } = this.#parts;
    return waitEnd(
      (over) => ending.whenOver(over),
      options,
      () => new Timeout(`A call of ${task} had not ended after ${options.timeoutSeconds} s. It goes on.`, { queue }),
    );
  }
}
