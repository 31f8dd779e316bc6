import type { Deadline } from "../base/deadline.ts";
import { Unavailable } from "../base/errors.ts";
import { Timer } from "../base/platform.ts";
import { type Call, isWorthWaiting, type Outcome } from "./call.ts";

/** How many calls of a kind wait at the server at a time, each on its connection. Others are tried, and wait here. */
const WAITS_MAX = 32;

/**
 * Sends a poll.
 *
 * @param waitSeconds how long it may wait at the server
 * @param over to be called once, when it does not wait there any more
 */
type Poll<Value> = (waitSeconds: number, over: () => void) => Promise<Outcome<Value>>;

/** The waits of one route: one of any length consists of polls that the server allows. */
export class Polls {
  /** By the verbs that wait. */
  readonly #semaphores = new Map<string, Semaphore>();

  /** Sends polls until one has what is waited for, or the call's time is over. */
  async run<Value>(call: Call, deadline: Deadline, poll: Poll<Value>): Promise<Outcome<Value>> {
    const semaphore = this.#semaphoreOf(call.verb);
    let hasPermit = semaphore.tryAcquire();
    for (;;) {
      const seconds = hasPermit ? deadline.pollSeconds : 0;
      const outcome = await settled(poll(seconds, hasPermit ? () => semaphore.release() : () => {}));
      if (deadline.isOver || !outcome.isWorthWaiting) return outcome.end();
      hasPermit = await acquireInTime(semaphore, deadline, call.signal);
      call.signal?.throwIfAborted();
      if (!hasPermit) return outcome.end();
    }
  }

  #semaphoreOf(verb: string): Semaphore {
    let semaphore = this.#semaphores.get(verb);
    if (semaphore === undefined) {
      semaphore = new Semaphore(WAITS_MAX);
      this.#semaphores.set(verb, semaphore);
    }
    return semaphore;
  }
}

/** What a promise settles with, unless the signal is aborted first: then its reason, and `left` is called. */
export function orAborted<Value>(sent: Promise<Value>, signal: AbortSignal, left: () => void): Promise<Value> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      reject(signal.reason);
      left();
    };
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
    sent.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

/** How a poll has ended, and whether its caller would wait on. */
async function settled<Value>(
  poll: Promise<Outcome<Value>>,
): Promise<{ isWorthWaiting: boolean; end: () => Outcome<Value> }> {
  try {
    const outcome = await poll;
    return { isWorthWaiting: isWorthWaiting(outcome.value), end: () => outcome };
  } catch (error) {
    const reason = error instanceof Unavailable ? error.cause : error;
    const end = (): Outcome<Value> => {
      throw error;
    };
    return { isWorthWaiting: reason instanceof Error && isWorthWaiting(reason), end };
  }
}

/** Waits for a permit until the call's time has passed, or it is aborted. */
async function acquireInTime(
  semaphore: Semaphore,
  deadline: Deadline,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  if (semaphore.tryAcquire()) return true;
  const over = new AbortController();
  const timer = new Timer(deadline.leftMs, () => over.abort());
  try {
    return await semaphore.acquire(signal === undefined ? over.signal : AbortSignal.any([over.signal, signal]));
  } finally {
    timer.clear();
  }
}

/** A counting semaphore: at most `max` permits are held at a time. Waiters get them in order. */
class Semaphore {
  readonly #max: number;
  #acquired = 0;
  readonly #waiting = new Set<() => void>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Takes a permit if one is free. */
  tryAcquire(): boolean {
    if (this.#acquired >= this.#max) return false;
    this.#acquired += 1;
    return true;
  }

  /** Gives a permit back. The first waiter gets it. */
  release(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#acquired -= 1;
    } else {
      this.#waiting.delete(next);
      next();
    }
  }

  /** Waits for a permit. False, without one, as soon as the signal is aborted. */
  acquire(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false);
    if (this.tryAcquire()) return Promise.resolve(true);
    return new Promise((settle) => {
      const begin = () => {
        signal.removeEventListener("abort", leave);
        settle(true);
      };
      const leave = () => {
        this.#waiting.delete(begin);
        settle(false);
      };
      this.#waiting.add(begin);
      signal.addEventListener("abort", leave, { once: true });
    });
  }
}
