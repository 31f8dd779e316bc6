import { shown } from "../base/check-options.ts";
import { AsyncResult, type CallbackOptions } from "./async-result.ts";
import { Ending } from "./ending.ts";
import { Engine, type PoolParts } from "./engine.ts";
import type { Inputs } from "./input-reader.ts";
import { errorAt, type OutcomeSink } from "./outcomes.ts";
import type { PoolIterator } from "./pool-iterator.ts";
import {
  checkCallbacks,
  type ImapOptions,
  imapRulesOf,
  type MapAsyncOptions,
  type MapOptions,
  mapRulesOf,
} from "./pool-options.ts";
import { ResultList } from "./result-list.ts";

/** A task without an input is called without one. */
export type InputArguments<Input, Options extends unknown[] = []> = undefined extends Input
  ? [input?: Input, ...options: Options]
  : [input: Input, ...options: Options];

/**
 * Workers for one task, with the calls of Python's `multiprocessing.Pool`. What an input results in is stored as the result of
 * a job, so that it may be worked on by any worker of the queue, and outlives each of them.
 *
 * @example
 * await using pool = manager.pool(tasks, "square");
 * console.log(await pool.map([1, 2, 3]));
 */
export class Pool<Input = unknown, Result = unknown> {
  readonly #engine: Engine;
  readonly #task: string;

  /** @internal Pools come from `QueueManager.pool`. */
  constructor(task: string, parts: PoolParts) {
    this.#task = task;
    this.#engine = new Engine(parts);
  }

  /**
   * The result of one input. An error that the handler throws is not tried again.
   *
   * @throws {JobFailed} if the handler threw
   * @throws {Closed} if the pool takes no more work
   */
  async apply(...args: InputArguments<Input>): Promise<Result> {
    const [input] = args;
    return this.#apply(input, {}).get();
  }

  /** The same, with a result that can be asked for. */
  applyAsync(...args: InputArguments<Input, [options?: CallbackOptions<Result>]>): AsyncResult<Result> {
    const [input, options = {}] = args;
    checkCallbacks("applyAsync()", options);
    return this.#apply(input as Input, options);
  }

  /**
   * The results of inputs, in their order. All are worked on, also behind one that fails.
   *
   * @throws {JobFailed} if a handler threw, for the first such input in order, when all have ended
   * @throws {TooLarge} for an input that has no room in a message
   * @throws {Closed} if the pool takes no more work
   */
  async map(inputs: Iterable<Input>, options: MapOptions = {}): Promise<Result[]> {
    return this.#map("map()", inputs, options).get();
  }

  /** The same, with a result that can be asked for. */
  mapAsync(inputs: Iterable<Input>, options: MapAsyncOptions<Result> = {}): AsyncResult<Result[]> {
    return this.#map("mapAsync()", inputs, options);
  }

  /** `map` for a handler whose input is a list: the arguments of one call, in Python. */
  async starmap(
    inputs: Input extends readonly unknown[] ? Iterable<Input> : never,
    options: MapOptions = {},
  ): Promise<Result[]> {
    return this.#map("starmap()", listsOf("starmap()", inputs), options).get();
  }

  /** The same, with a result that can be asked for. */
  starmapAsync(
    inputs: Input extends readonly unknown[] ? Iterable<Input> : never,
    options: MapAsyncOptions<Result> = {},
  ): AsyncResult<Result[]> {
    return this.#map("starmapAsync()", listsOf("starmapAsync()", inputs), options);
  }

  /**
   * The results of inputs, in their order, as they are there. Inputs are read as results are read: at most `bufferSize` are
   * ahead. What the list of inputs throws is thrown at its place. A loop that is left cancels what has not ended.
   *
   * @throws {Closed} if the pool takes no more work
   */
  imap(inputs: Inputs<Input>, options: ImapOptions = {}): PoolIterator<Result> {
    return this.#imap("imap()", inputs, options, true);
  }

  /** The same in the order in which they are there. */
  imapUnordered(inputs: Inputs<Input>, options: ImapOptions = {}): PoolIterator<Result> {
    return this.#imap("imapUnordered()", inputs, options, false);
  }

  /** Takes no more work. What was submitted goes on, and the workers that the pool has started end after it. */
  close(): void {
    this.#engine.close();
  }

  /**
   * Ends at once. What has not ended is cancelled, and `Closed` is thrown to those that wait for it. A key that may not cancel
   * jobs leaves them to other workers, which is reported to `onError`.
   */
  terminate(): Promise<void> {
    return this.#engine.terminate();
  }

  /**
   * Waits for the end of all that was submitted, and of the workers.
   *
   * @throws {Invalid} before `close()` or `terminate()`
   */
  join(): Promise<void> {
    return this.#engine.join();
  }

  /** `terminate`, as at the end of Python's `with`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.terminate();
  }

  #apply(input: Input | undefined, options: CallbackOptions<Result>): AsyncResult<Result> {
    this.#engine.assertRunning();
    const ending = this.#endingWith(options);
    const sink: OutcomeSink = {
      took(outcomes) {
        const failure = errorAt(outcomes, 0);
        if (failure === undefined) ending.resolve(outcomes.values[0] as Result);
        else ending.reject(failure.error);
      },
    };
    this.#engine.submit(this.#task, input, sink);
    return new AsyncResult(ending, `apply() of ${this.#task}`);
  }

  #map(call: string, inputs: Iterable<Input>, options: MapAsyncOptions<Result>): AsyncResult<Result[]> {
    this.#engine.assertRunning();
    // A copy: the program may change its list. A plain one: the slices of a list of another class are of that class too.
    const all = Array.isArray(inputs) ? ([] as Input[]).concat(inputs) : [...checkedIterable(call, inputs)];
    const { chunkSize, key } = mapRulesOf(call, options, all.length, this.#engine.workers);
    const { signal } = options;
    signal?.throwIfAborted();
    const ending = this.#endingWith(options);
    if (all.length === 0) {
      ending.resolve([]);
    } else {
      const list = new ResultList({ task: this.#task, inputs: all, chunkSize, key }, ending as Ending<unknown[]>);
      this.#engine.submitAll(list);
      const abort = () => void this.#engine.drop(signal?.reason, list);
      signal?.addEventListener("abort", abort, { once: true });
      ending.whenOver(() => signal?.removeEventListener("abort", abort));
    }
    return new AsyncResult(ending, `${call} of ${this.#task}`);
  }

  #imap(call: string, inputs: Inputs<Input>, options: ImapOptions, isOrdered: boolean): PoolIterator<Result> {
    this.#engine.assertRunning();
    const rules = { call, task: this.#task, isOrdered, endsWithError: false, ...imapRulesOf(call, options) };
    return this.#engine.iterate(inputs, rules) as PoolIterator<unknown> as PoolIterator<Result>;
  }

  /** Callbacks come before those that wait. */
  #endingWith<Value>({ callback, errorCallback }: CallbackOptions<Value>): Ending<Value> {
    const ending = new Ending<Value>();
    if (callback === undefined && errorCallback === undefined) return ending;
    ending.whenOver(() => {
      if (ending.hasFailed) this.#engine.call("an errorCallback", errorCallback, ending.error);
      else this.#engine.call("a callback", callback, ending.value);
    });
    return ending;
  }
}

function checkedIterable<Input>(call: string, inputs: Iterable<Input>): Iterable<Input> {
  if (typeof (inputs as Partial<Iterable<Input>> | null | undefined)?.[Symbol.iterator] === "function") return inputs;
  throw new TypeError(`${call} takes its inputs as a list, or another iterable, not ${shown(inputs)}.`);
}

function listsOf<Input>(call: string, inputs: Iterable<Input>): Input[] {
  const all = [...checkedIterable(call, inputs)];
  const wrong = all.findIndex((input) => !Array.isArray(input));
  if (wrong >= 0) throw new TypeError(`${call} takes lists, but inputs[${wrong}] is none.`);
  return all;
}
