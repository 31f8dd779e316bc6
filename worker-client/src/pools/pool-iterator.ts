import { Timeout } from "../base/job-errors.ts";
import { Timer } from "../base/platform.ts";
import { errorAt, type OutcomeSink, type Outcomes } from "./outcomes.ts";
import { checkTimeout, TIMEOUT_OPTIONS, type TimeoutOptions } from "./wait-end.ts";

/**
 * The results of inputs, as `imap` gives them. The error of an input is thrown in its place, and `next` goes on behind it; a
 * `for await` loop ends with it.
 */
export interface PoolIterator<Result> extends AsyncIterableIterator<Result, undefined, TimeoutOptions | undefined> {
  /**
   * The next result.
   *
   * @throws {Timeout} if it is not there in time: it comes with a later call
   * @throws {JobFailed} in the place of an input whose handler threw
   */
  next(options?: TimeoutOptions): Promise<IteratorResult<Result, undefined>>;
  /** Reads no more inputs, and cancels the jobs of those whose results have not come. As `break` in a loop does. */
  return(): Promise<IteratorResult<Result, undefined>>;
  [Symbol.asyncIterator](): PoolIterator<Result>;
}

/** What an iterator tells about its reader. */
export interface IteratorEvents {
  /** There is room for another input. */
  yielded(): void;
  /** No further result is wanted. Resolves when nothing goes on. */
  returned(): Promise<void>;
}

/** A call of `next` that waits. */
interface Waiter {
  resolve(step: IteratorResult<unknown, undefined>): void;
  reject(error: unknown): void;
  timer: Timer | undefined;
}

/** The rules of an iterator. */
interface IteratorRules {
  isOrdered: boolean;
  /** The name of its task. */
  task: string;
  /** After so long, counted from now, `next` throws, and all is over. */
  timeoutSeconds: number | undefined;
}

/** Gives what becomes of inputs to its reader: in order, or as it comes. */
export class OutcomeIterator implements PoolIterator<unknown>, OutcomeSink {
  readonly #rules: IteratorRules;
  readonly #endsAt: number;
  readonly #events: IteratorEvents;
  /** Those that can be read, the first of them from `#at` on. */
  #ready: Outcomes[] = [];
  #first = 0;
  #at = 0;
  /** Those that others come before, by their places. */
  readonly #held = new Map<number, Outcomes>();
  #nextPlace = 0;
  #waiters: Waiter[] = [];
  /** How many have been given to the reader. */
  yielded = 0;
  /** How many inputs there are; undefined until that is known. */
  #total: number | undefined;
  #isReturned = false;
  #hasThrown = false;

  constructor(rules: IteratorRules, events: IteratorEvents) {
    this.#rules = rules;
    this.#events = events;
    this.#endsAt = performance.now() + (rules.timeoutSeconds ?? Number.POSITIVE_INFINITY) * 1_000;
  }

  /** Whether an error was thrown last, and nothing was asked for since: so a `for await` loop leaves it. */
  get isLeftAtError(): boolean {
    return this.#hasThrown && this.#waiters.length === 0;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(options: TimeoutOptions = {}): Promise<IteratorResult<unknown, undefined>> {
    try {
      checkTimeout("next()", options, TIMEOUT_OPTIONS);
    } catch (error) {
      return Promise.reject(error);
    }
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { resolve, reject, timer: undefined };
      this.#waiters.push(waiter);
      this.#serve();
      if (this.#waiters.includes(waiter)) this.#limit(waiter, options.timeoutSeconds);
    });
  }

  async return(): Promise<IteratorResult<unknown, undefined>> {
    if (!this.#isReturned) {
      this.#isReturned = true;
      this.#ready = [];
      this.#held.clear();
      this.#serve();
      await this.#events.returned();
    }
    return { done: true, value: undefined };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  took(outcomes: Outcomes): void {
    if (this.#isReturned) return;
    if (!this.#rules.isOrdered) {
      this.#ready.push(outcomes);
    } else {
      this.#held.set(outcomes.begin, outcomes);
      for (let next = this.#held.get(this.#nextPlace); next !== undefined; next = this.#held.get(this.#nextPlace)) {
        this.#held.delete(this.#nextPlace);
        this.#ready.push(next);
        this.#nextPlace += next.count;
      }
    }
    this.#serve();
  }

  /** There are so many inputs, and no more. */
  ended(total: number): void {
    this.#total = total;
    this.#serve();
  }

  #serve(): void {
    while (this.#waiters.length > 0) {
      if (this.#isReturned || this.yielded === this.#total) {
        for (const waiter of this.#waiters.splice(0))
          settle(waiter, () => waiter.resolve({ done: true, value: undefined }));
        return;
      }
      const outcomes = this.#ready[this.#first];
      if (outcomes === undefined) return;
      this.#give(this.#waiters.shift() as Waiter, outcomes);
    }
  }

  #give(waiter: Waiter, outcomes: Outcomes): void {
    const at = this.#at;
    this.#at += 1;
    if (this.#at === outcomes.count) {
      this.#at = 0;
      this.#first += 1;
      // The array is not moved for each of them.
      if (this.#first * 2 > this.#ready.length) {
        this.#ready = this.#ready.slice(this.#first);
        this.#first = 0;
      }
    }
    this.yielded += 1;
    const failure = errorAt(outcomes, at);
    this.#hasThrown = failure !== undefined;
    settle(waiter, () => {
      if (failure === undefined) waiter.resolve({ done: false, value: outcomes.values[at] });
      else waiter.reject(failure.error);
    });
    this.#events.yielded();
  }

  #limit(waiter: Waiter, timeoutSeconds: number | undefined): void {
    const leftMs = this.#endsAt - performance.now();
    const ms = (timeoutSeconds ?? Number.POSITIVE_INFINITY) * 1_000;
    if (Math.min(ms, leftMs) === Number.POSITIVE_INFINITY) return;
    const isLast = leftMs <= ms;
    const expire = () => {
      this.#waiters = this.#waiters.filter((other) => other !== waiter);
      const { task, timeoutSeconds: all } = this.#rules;
      const text = isLast
        ? `Not all results of ${task} had come ${all} s after the call of map(). Those that were left are cancelled.`
        : `The next result of ${task} had not come after ${timeoutSeconds} s. It comes with a later call.`;
      waiter.reject(new Timeout(text));
      if (isLast) void this.return();
    };
    const waitMs = Math.max(0, Math.min(ms, leftMs));
    if (waitMs === 0) expire();
    else waiter.timer = new Timer(waitMs, expire);
  }
}

function settle(waiter: Waiter, run: () => void): void {
  waiter.timer?.clear();
  run();
}
