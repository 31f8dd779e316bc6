import { TASK_HEADER } from "../../../src/contract/limits.ts";
import { shown } from "../base/check-options.ts";
import { errorParts } from "../message/error-parts.ts";
import type { Message } from "../message/message.ts";
import type { DeathReason } from "../message/message-view.ts";
import type { Crash } from "./worker-events.ts";

/** The levels of lines. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** What a line of a worker is about, as fields that have a JSON form. */
export interface LogDetails {
  queue: string;
  /** The id of the message, which is that of the job. */
  id?: string;
  attempt?: number;
  /** Of a job: the name of its task. */
  task?: string | undefined;
  /** How long the handler took. */
  seconds?: number;
  /** Why the message is dead. */
  reason?: DeathReason;
  error?: { name: string; message: string; stack?: string | undefined };
  /** The thread or process that has ended without being told to. */
  crash?: Crash;
  /** What a handler has logged beside its text. */
  values?: unknown[];
}

/**
 * Writes the lines of a worker: `console`, or a logger of pino or winston, or any object with these four functions. The text
 * says all; the details are for loggers that keep fields. It has no `%` before a letter, which loggers would replace.
 */
export interface Logger {
  debug(text: string, details: LogDetails): void;
  info(text: string, details: LogDetails): void;
  warn(text: string, details: LogDetails): void;
  error(text: string, details: LogDetails): void;
}

/** A logger that takes the fields of a line before its text, as pino's. */
type FieldsFirst = Record<LogLevel, (details: LogDetails, text: string) => void>;

const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** The most characters of an error or of a logged value in a text. */
const TEXT_CHARACTERS_MAX = 1_024;

/** Throws a `TypeError` for a logger that lacks a level. */
export function checkLogger(logger: unknown): void {
  if (logger === undefined) return;
  const isObject = (typeof logger === "object" && logger !== null) || typeof logger === "function";
  const missing = LEVELS.filter((level) => !isObject || typeof (logger as Partial<Logger>)[level] !== "function");
  if (missing.length === 0) return;
  const lacks = isObject ? `it lacks ${missing.join(", ")}` : `it is ${shown(logger)}`;
  throw new TypeError(`logger must have the functions debug, info, warn and error, as console has, but ${lacks}.`);
}

/** Writes lines to a logger of the user. Never throws. */
export class Log {
  readonly #logger: Logger;
  /** Whether the fields come before the text. */
  readonly #takesFieldsFirst: boolean;

  constructor(logger: Logger) {
    this.#logger = logger;
    // pino's loggers, and those of fastify, which are pino's, drop what comes behind a text.
    this.#takesFieldsFirst = typeof (logger as { bindings?: unknown }).bindings === "function";
  }

  write(level: LogLevel, text: string, details: LogDetails): void {
    const plain = withoutFormats(text);
    try {
      if (this.#takesFieldsFirst) (this.#logger as unknown as FieldsFirst)[level](details, plain);
      else this.#logger[level](plain, details);
    } catch (failure) {
      say("durable-queue: the logger failed, and this was not logged:", plain, failure);
    }
  }
}

/** What lines about a message begin with, as `durable-queue: emails: message 0.1-0-1 of task send, attempt 1:`. */
export function aboutMessage(queue: string, message: Message<unknown> | undefined): string {
  if (message === undefined) return `durable-queue: ${queue}:`;
  const task = taskOf(message);
  const ofTask = task === undefined ? "" : ` of task ${task}`;
  return `durable-queue: ${queue}: message ${message.id}${ofTask}, attempt ${message.attempt}:`;
}

/** The same as fields. */
export function detailsOf(queue: string, message: Message<unknown> | undefined): LogDetails {
  if (message === undefined) return { queue };
  return { queue, id: message.id, attempt: message.attempt, task: taskOf(message) };
}

/** The name of the task that a message is a job of. */
export function taskOf({ headers }: Message<unknown>): string | undefined {
  return headers[TASK_HEADER];
}

/** An error as fields, whatever was thrown. Never throws. */
export function errorFields(error: unknown): NonNullable<LogDetails["error"]> {
  const sent = errorParts(error);
  return typeof sent === "string" ? { name: "Error", message: sent } : sent;
}

/** An error, or another value, in one line. Never throws. */
export function lineOf(value: unknown): string {
  const { name, message } = errorFields(value);
  const text = value instanceof Error ? `${name}: ${message}` : message;
  return text.slice(0, TEXT_CHARACTERS_MAX).replace(/\s*[\r\n]+\s*/g, " ");
}

/** Loggers that format their text, as `console` does, would put the details in the place of `%s`. */
function withoutFormats(text: string): string {
  return text.replace(/%(?=[a-zA-Z%])/g, "% ");
}

/** Prints, as `console.error` does. Never throws. */
export function say(...words: unknown[]): void {
  try {
    console.error(...words);
  } catch {
    // A value that cannot be printed, as an object whose getters throw, must not end the worker.
  }
}
