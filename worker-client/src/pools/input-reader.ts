import { shown } from "../base/check-options.ts";
import { isPromise, turn } from "../base/platform.ts";

/** How long a list may be read without a bound before other work of the event loop, in milliseconds. */
const TURN_MS = 20;

/** A list of inputs that is read as there is room. */
export type Inputs<Input> = Iterable<Input> | AsyncIterable<Input>;

/** What a reader of inputs tells, and asks. */
interface ReaderEvents {
  /** Inputs that were read, the first of them at this place. */
  read(inputs: readonly unknown[], begin: number): void;
  /** There is none at this place, nor behind it: the list has ended, or the error was thrown there. */
  ended(place: number, failure: { error: unknown } | undefined): void;
  /** How many results the caller has. */
  yielded(): number;
}

/** Reads a list of inputs, as far as there is room for them. */
export class InputReader {
  readonly #inputs: Iterator<unknown> | AsyncIterator<unknown>;
  readonly #events: ReaderEvents;
  readonly #chunkSize: number;
  readonly #bufferSize: number;
  #isUnbound = false;
  #read: unknown[] = [];
  #count = 0;
  #wake: (() => void) | undefined;
  #isOver = false;
  readonly #finishing = Promise.withResolvers<void>();
  /** Resolves when no more is read. */
  readonly finished: Promise<void> = this.#finishing.promise;

  /** Begins to read. */
  constructor(
    call: string,
    inputs: Inputs<unknown>,
    { chunkSize, bufferSize }: { chunkSize: number; bufferSize: number },
    events: ReaderEvents,
  ) {
    this.#inputs = iteratorOf(call, inputs);
    this.#chunkSize = chunkSize;
    this.#bufferSize = bufferSize;
    this.#events = events;
    void this.#run();
  }

  /** There may be room now. */
  wake(): void {
    this.#wake?.();
  }

  /** Reads the rest, whether there is room or not. */
  unbind(): void {
    this.#isUnbound = true;
    this.wake();
  }

  /** Reads no more, and closes the list. An input that waits for others of its chunk is left out. */
  stop(failure: { error: unknown } | undefined): void {
    if (this.#isOver) return;
    this.#close();
    this.#count -= this.#read.length;
    this.#read = [];
    this.#end(failure);
    this.wake();
  }

  async #run(): Promise<void> {
    let failure: { error: unknown } | undefined;
    let turnEndsAt = performance.now() + TURN_MS;
    try {
      while (!this.#isOver) {
        if (this.#isUnbound && performance.now() >= turnEndsAt) {
          await new Promise<void>(turn);
          turnEndsAt = performance.now() + TURN_MS;
          continue;
        }
        if (!this.#hasRoom) {
          await this.#woken();
          continue;
        }
        const step = this.#inputs.next();
        const { done, value } = isPromise(step) ? await step : step;
        if (done || this.#isOver) break;
        this.#read.push(value);
        this.#count += 1;
        if (this.#read.length === this.#chunkSize || !this.#hasRoom) this.#flush();
      }
    } catch (error) {
      failure = { error };
    }
    if (this.#isOver) return;
    this.#flush();
    this.#end(failure);
  }

  #end(failure: { error: unknown } | undefined): void {
    this.#isOver = true;
    this.#events.ended(this.#count, failure);
    this.#finishing.resolve();
  }

  get #hasRoom(): boolean {
    return this.#isUnbound || this.#count - this.#events.yielded() < this.#bufferSize;
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #flush(): void {
    const read = this.#read;
    if (read.length === 0) return;
    this.#read = [];
    this.#events.read(read, this.#count - read.length);
  }

  /** What its `return` throws has no place to be told at: the reader wants no more of it. */
  #close(): void {
    try {
      const closed: unknown = this.#inputs.return?.();
      if (isPromise(closed)) closed.then(undefined, () => undefined);
    } catch {}
  }
}

function iteratorOf(call: string, inputs: Inputs<unknown>): Iterator<unknown> | AsyncIterator<unknown> {
  const given = inputs as Partial<AsyncIterable<unknown> & Iterable<unknown>> | null | undefined;
  const iterator = given?.[Symbol.asyncIterator]?.() ?? given?.[Symbol.iterator]?.();
  if (iterator !== undefined) return iterator;
  throw new TypeError(`${call} takes its inputs as a list, an iterable or an async iterable, not ${shown(inputs)}.`);
}
