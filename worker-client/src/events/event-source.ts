import type { Listeners } from "./listeners.ts";
import type { WorkerEvents } from "./worker-events.ts";

/**
 * What tells events to listeners. They are called one after the other, in the order in which they were added, before the
 * worker goes on: a listener that takes long delays it. What a listener throws, also later, is an event `error`, and
 * changes nothing else.
 */
export abstract class EventSource<Item, Result> {
  readonly #listeners: Listeners;

  /** @internal */
  constructor(listeners: Listeners) {
    this.#listeners = listeners;
  }

  /** Calls the listener for each such event from now on; once, also if it is added again. See `WorkerEvents`. */
  on<Name extends keyof WorkerEvents>(
    name: Name,
    listener: (event: WorkerEvents<Item, Result>[Name]) => unknown,
  ): this {
    this.#listeners.add(name, listener, false);
    return this;
  }

  /** Calls the listener for the next such event alone. */
  once<Name extends keyof WorkerEvents>(
    name: Name,
    listener: (event: WorkerEvents<Item, Result>[Name]) => unknown,
  ): this {
    this.#listeners.add(name, listener, true);
    return this;
  }

  /** Ends what `on` or `once` began. */
  off<Name extends keyof WorkerEvents>(
    name: Name,
    listener: (event: WorkerEvents<Item, Result>[Name]) => unknown,
  ): this {
    this.#listeners.remove(name, listener);
    return this;
  }
}
