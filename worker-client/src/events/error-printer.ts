import { QueueError, Unavailable } from "../base/errors.ts";
import type { Message } from "../message/message.ts";
import { CRASH_CODE } from "./crash.ts";
import { aboutMessage, say } from "./log.ts";

/** At most so many errors of a worker are printed in a minute. A line after that has the number of the others. */
const PRINTED_MAX = 100;
const PRINTED_MS = 60_000;

/** Prints an error, and the message that it is about, if it is about one. `what` comes behind it. */
export type Print = (error: unknown, message?: Message<unknown>, what?: string) => void;

/** Prints the errors of a worker that nothing else takes. */
export function errorPrinter(queue: string): Print {
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
    say(`${aboutMessage(queue, message)}${what}`, isFromOutside(error, message) ? error.message : error);
  };
}

/** Whether the stack contains no line of the program: the server is away, or a process has died. */
function isFromOutside(error: unknown, message: Message<unknown> | undefined): error is QueueError {
  if (message !== undefined) return false;
  return error instanceof Unavailable || (error instanceof QueueError && error.code === CRASH_CODE);
}
