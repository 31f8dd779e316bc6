/** What a worker and the threads or processes that run its handlers tell each other: lists of these, as JSON. */
import type { ReceivedMessage } from "../../../src/api/types.ts";
import type { LogDetails, LogLevel } from "../events/log.ts";
import type { AnnouncedTask } from "../jobs/announcement.ts";
import type { SentError } from "./sent-errors.ts";

/** To a runner. */
export type ToRunner =
  /** First: load what is to be run. `concurrency`: how many handlers may run at the same time. */
  | { kind: "start"; data: unknown; isLogged: boolean; concurrency: number }
  /** Run the handler of a message. `isAhead`: as many as may run had not ended when it was sent. */
  | { kind: "run"; run: number; message: ReceivedMessage; isAhead: boolean }
  /** These are not to begin: they were given to others. */
  | { kind: "taken"; runs: readonly number[] }
  /** Abort the signal of a message whose handler runs. */
  | { kind: "abort"; run: number; error: SentError }
  /** What became of a call of a handler. */
  | { kind: "answer"; call: number; reply: unknown; error?: undefined }
  | { kind: "answer"; call: number; error: SentError }
  /** Nothing comes any more, and nothing runs: end. */
  | { kind: "end" };

/** What a runner has loaded. */
export interface Ready {
  queue: string;
  /** The names of the tasks that it has handlers for; undefined where it handles any message. */
  tasks: readonly string[] | undefined;
  /** What is announced of these to the queue. */
  announced: readonly AnnouncedTask[];
  /** How long the handlers of tasks may take, in seconds, by their names: of those that have a limit. */
  timeouts: Readonly<Record<string, number>>;
}

/** A call of a handler about its message, which the parent makes. */
export interface HandlerCall {
  verb: string;
  request: Readonly<Record<string, unknown>>;
  results?: readonly string[] | undefined;
  retrySeconds?: number | undefined;
}

/** How a handler ended. */
export type SentOutcome =
  /** The task has a result: as JSON text. */
  | { verb: "ack"; result: string }
  /** It returned, and nothing is to be told of that. */
  | { verb: "returned" }
  /** `isReason`: with the reason of the signal of its message. */
  | { verb: "threw"; error: SentError; isReason: boolean }
  | { verb: "reject"; error: SentError }
  | { verb: "release"; delaySeconds: number };

/** How what a runner says travels: its module may send something of its own on the same way. */
export interface Said {
  durableQueue: readonly FromRunner[];
}

/** From a runner. */
export type FromRunner =
  | { kind: "ready"; ready: Ready }
  /** What is to be run cannot be used. */
  | { kind: "unusable"; text: string; status: 1 | 2 }
  /** The handlers of these begin now. */
  | { kind: "begun"; runs: readonly number[] }
  /** `ms`: for how long the handler ran. */
  | { kind: "ended"; run: number; outcome: SentOutcome; ms: number }
  /** These have not begun, and do not: they waited behind a handler that took longer than those before. */
  | { kind: "returned"; runs: readonly number[] }
  | { kind: "call"; call: number; made: HandlerCall }
  | { kind: "log"; level: LogLevel; text: string; details: LogDetails }
  /** Something went wrong beside the handler of the message. */
  | { kind: "error"; receipt: string | undefined; error: SentError }
  /** What ends it, just before it does. */
  | { kind: "dying"; text: string }
  /** For the program that has started the runners. */
  | { kind: "extra"; extra: unknown };
