import { Unavailable } from "../base/errors.ts";
import type { Message } from "../message/message.ts";
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
    // The stack of an outage contains no line of the program.
    const isAway = message === undefined && error instanceof Unavailable;
    say(`${aboutMessage(queue, message)}${what}`, isAway ? error.message : error);
  };
}
