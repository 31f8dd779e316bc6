import { checkFunction, shown } from "../base/check-options.ts";
import { isPromise } from "../base/platform.ts";
import { EVENT_NAMES, type WorkerEventName, type WorkerEvents } from "./worker-events.ts";

type AnyListener = (event: never) => unknown;

/** A listener of one event. */
interface Entry {
  listener: AnyListener;
  isOnce: boolean;
}

/** Called with what a listener threw, and the event that it was told. */
type ListenerFailed = (error: unknown, name: WorkerEventName, event: WorkerEvents[WorkerEventName]) => void;

const NONE: readonly Entry[] = [];

/** What other clients call the events. */
const FOREIGN_NAMES: Readonly<Record<string, WorkerEventName>> = {
  active: "started",
  start: "started",
  success: "completed",
  succeeded: "completed",
  complete: "completed",
  fail: "failed",
  stalled: "lost",
  retry: "retrying",
  retried: "retrying",
  rejected: "dead",
};

/** The listeners of a worker. One that throws does not keep the others from being called. */
export class Listeners {
  readonly #failed: ListenerFailed;
  /** Replaced when a listener is added or removed, so that it is safe to do so while they are called. */
  readonly #entries = new Map<WorkerEventName, readonly Entry[]>();

  constructor(failed: ListenerFailed) {
    this.#failed = failed;
  }

  /** Adds a listener, unless it is there. Throws a `TypeError` for an event that there is not. */
  add(name: WorkerEventName, listener: AnyListener, isOnce: boolean): void {
    checkName(name);
    checkFunction(`The listener of ${JSON.stringify(name)}`, listener);
    const entries = this.#of(name);
    if (!entries.some((entry) => entry.listener === listener))
      this.#entries.set(name, [...entries, { listener, isOnce }]);
  }

  /** Removes a listener, if it is there. Throws a `TypeError` for an event that there is not. */
  remove(name: WorkerEventName, listener: AnyListener): void {
    checkName(name);
    const others = this.#of(name).filter((entry) => entry.listener !== listener);
    this.#entries.set(name, others);
  }

  has(name: WorkerEventName): boolean {
    return this.#of(name).length > 0;
  }

  emit<Name extends WorkerEventName>(name: Name, event: WorkerEvents[Name]): void {
    for (const { listener, isOnce } of this.#of(name)) {
      if (isOnce) this.remove(name, listener);
      this.#call(listener, name, event);
    }
  }

  #call<Name extends WorkerEventName>(listener: AnyListener, name: Name, event: WorkerEvents[Name]): void {
    const failed = (error: unknown) => this.#failed(error, name, event);
    try {
      const told = (listener as (event: WorkerEvents[Name]) => unknown)(event);
      // An async listener must not end the process by an unhandled rejection.
      if (isPromise(told)) told.then(undefined, failed);
    } catch (error) {
      failed(error);
    }
  }

  #of(name: WorkerEventName): readonly Entry[] {
    return this.#entries.get(name) ?? NONE;
  }
}

function checkName(name: unknown): void {
  if (typeof name === "string" && Object.hasOwn(EVENT_NAMES, name)) return;
  const meant = typeof name === "string" && Object.hasOwn(FOREIGN_NAMES, name) ? FOREIGN_NAMES[name] : undefined;
  const hint = meant === undefined ? "" : ` Did you mean ${JSON.stringify(meant)}?`;
  throw new TypeError(`A worker has no event ${shown(name)}.${hint} It has: ${Object.keys(EVENT_NAMES).join(", ")}.`);
}
