import { Unavailable } from "../base/errors.ts";
import { isPromise } from "../base/platform.ts";
import type { Message } from "../message/message.ts";

/** Reports an error. Never throws. */
export type Report = (error: unknown, message?: Message<unknown>) => void;

/** Called with an error, and the message that it is about, if it is about one. See `WorkOptions.onError`. */
export type OnError = (error: unknown, message: Message<unknown> | undefined) => void;

/** At most so many errors of a worker are printed in a minute. A line after that has the number of the others. */
const PRINTED_MAX = 100;
const PRINTED_MS = 60_000;

/** Reports errors to a worker's program: to its `onError`, or to the console if it has none. */
export function reportOf(queue: string, onError: OnError | undefined): Report {
  const print = printer(queue);
  if (onError === undefined) return print;
  return (error, message) => {
    const failed = (failure: unknown) => {
      print(error, message);
      print(failure, message, " onError failed:");
    };
    try {
      // An async onError must not end the process by an unhandled rejection.
      const told: unknown = onError(error, message);
      if (isPromise(told)) told.then(undefined, failed);
    } catch (failure) {
      failed(failure);
    }
  };
}

function printer(queue: string): (error: unknown, message?: Message<unknown>, what?: string) => void {
  let since = 0;
  let printed = 0;
  return (error, message, what = "") => {
    const now = performance.now();
    if (now - since > PRINTED_MS) {
      if (printed > PRINTED_MAX) say(`durable-queue: ${queue}: ${printed - PRINTED_MAX} more errors were not printed.`);
      since = now;
      printed = 0;
    }
    printed += 1;
    if (printed > PRINTED_MAX) return;
    const about = message === undefined ? "" : ` message ${message.id}, attempt ${message.attempt}:`;
    // The stack of an outage contains no line of the program.
    const isAway = message === undefined && error instanceof Unavailable;
    say(`durable-queue: ${queue}:${about}${what}`, isAway ? error.message : error);
  };
}

function say(...words: unknown[]): void {
  try {
    console.error(...words);
  } catch {
    // A value that cannot be printed, as an object whose getters throw, must not end the worker.
  }
}
