import { Unavailable } from "../base/errors.ts";
import { isPromise } from "../base/platform.ts";
import type { Message } from "../message/message.ts";

/** Is told of what went wrong. Never throws. */
export type Report = (error: unknown, message?: Message<unknown>) => void;

export type OnError = (error: unknown, message: Message<unknown> | undefined) => void;

/** So many errors of a worker are printed in a minute. How many more there were is said then. */
const PRINTED_MAX = 100;
const PRINTED_MS = 60_000;

/** What tells a worker's program of errors: its `onError`, or the console where it has none. */
export function reportOf(queue: string, onError: OnError | undefined): Report {
  const print = printer(queue);
  if (onError === undefined) return print;
  return (error, message) => {
    const failed = (failure: unknown) => {
      print(error, message);
      print(failure, message, " onError failed:");
    };
    try {
      // An onError that is async must not end the process by a promise that nothing looks at.
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
    // Where a server is away there is no line of the program to be found.
    const isAway = message === undefined && error instanceof Unavailable;
    say(`durable-queue: ${queue}:${about}${what}`, isAway ? error.message : error);
  };
}

function say(...words: unknown[]): void {
  try {
    console.error(...words);
  } catch {
    // What cannot be printed, as an object whose getters throw, must not end the worker.
  }
}
