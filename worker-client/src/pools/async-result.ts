import { withCaller } from "../base/errors.ts";
import { Timeout } from "../base/job-errors.ts";
import type { Ending } from "./ending.ts";
import {
  checkTimeout,
  GET_RESULT_OPTIONS,
  type GetResultOptions,
  TIMEOUT_OPTIONS,
  type TimeoutOptions,
  waitEnd,
} from "./wait-end.ts";

/** The options of `Pool.applyAsync` and `Pool.mapAsync`: what is called when the result is there. */
export interface CallbackOptions<Result> {
  /** Is called with the result. What it throws is reported, and changes nothing. */
  callback?: ((result: Result) => unknown) | undefined;
  /** Is called with the error, if there is one in the place of the result. */
  errorCallback?: ((error: unknown) => unknown) | undefined;
}

/** What a call of a pool results in, as Python's `AsyncResult`. An error that is not asked for is no unhandled rejection. */
export class AsyncResult<Result> {
  readonly #ending: Ending<Result>;
  readonly #what: string;

  /**
   * @internal They come from pools.
   *
   * @param what what is waited for, in a sentence: "map() of square"
   */
  constructor(ending: Ending<Result>, what: string) {
    this.#ending = ending;
    this.#what = what;
  }

  /**
   * The result, when it is there.
   *
   * @throws {Timeout} if it is not there in time: the work goes on
   * @throws {JobFailed} if a handler threw; the error of the first input in order that has one
   * @throws {Closed} if the pool was terminated before
   */
  async get(options: GetResultOptions = {}): Promise<Result> {
    checkTimeout("get()", options, GET_RESULT_OPTIONS);
    const { timeoutSeconds } = options;
    await waitEnd(
      (over) => this.#ending.whenOver(over),
      options,
      () => new Timeout(`${this.#what} had no result after ${timeoutSeconds} s. It goes on.`),
    );
    try {
      return this.#ending.value;
    } catch (error) {
      throw withCaller(error);
    }
  }

  /** Waits until the result, or an error in its place, is there, or the time is over. */
  async wait(options: TimeoutOptions = {}): Promise<void> {
    checkTimeout("wait()", options, TIMEOUT_OPTIONS);
    const late = new Timeout("");
    const ended = waitEnd(
      (over) => this.#ending.whenOver(over),
      options,
      () => late,
    );
    await ended.catch(() => undefined);
  }

  /** Whether the result, or an error in its place, is there. */
  ready(): boolean {
    return this.#ending.isOver;
  }

  /**
   * Whether there is a result, and no error.
   *
   * @throws {Error} if neither is there yet
   */
  successful(): boolean {
    if (!this.ready()) throw new Error(`${this.#what} has neither a result nor an error yet: wait() for it first.`);
    return !this.#ending.hasFailed;
  }
}
