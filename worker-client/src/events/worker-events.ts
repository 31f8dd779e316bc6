import type { QueueError } from "../base/errors.ts";
import type { Message } from "../message/message.ts";
import type { DeathReason } from "../message/message-view.ts";

/**
 * The events of a worker, each with what its listeners get. A message of which `started` was told has, later, `completed`,
 * `failed` or `lost`, unless it is released; after `failed` comes `retrying` or `dead`, once the server has answered.
 */
export interface WorkerEvents<Item = unknown, Result = unknown> {
  /** A handler begins. */
  started: { message: Message<Item> };
  /** A handler has returned, and the server has removed the message: the work is not done again. */
  completed: {
    message: Message<Item>;
    /** What the handler returned. */
    result: Result;
    /** How long the handler took. */
    seconds: number;
  };
  /** An attempt has failed: its handler threw or took too long, or the message was given back. */
  failed: {
    message: Message<Item>;
    /** What was thrown, or what `retry` or `reject` were given; undefined if these were given none. */
    error: unknown;
    seconds: number;
  };
  /** The message of an attempt that failed will be tried again. */
  retrying: { message: Message<Item>; error: unknown };
  /** The message of an attempt that failed will not be tried again. */
  dead: {
    message: Message<Item>;
    error: unknown;
    /** `max_attempts`: it has no attempt left. `rejected`: it was given up. */
    reason: DeathReason;
  };
  /** The lease of a message is over before its handler: its work may be done twice. Its `signal` is aborted. */
  lost: {
    message: Message<Item>;
    error: QueueError;
    /** True where it is known that the message was cancelled. */
    cancelled: boolean;
  };
  /** A thread or process that runs handlers has ended without being told to. Another one begins. */
  crashed: Crash;
  /** Anything else that went wrong, and that a server that was away is back. */
  error: {
    error: unknown;
    /** The message that it is about, if it is about one. */
    message: Message<Item> | undefined;
  };
}

/** A thread or process that runs handlers, and ended without being told to. */
export interface Crash {
  kind: "process" | "thread";
  /** The id of the process, or of the thread in this process. */
  id: number;
  /** How it ended, as "was ended by SIGKILL". */
  reason: string;
  /** After how many seconds another one begins; undefined where none does, because the worker ends. */
  restartSeconds: number | undefined;
}

/** The names of the events. */
export type WorkerEventName = keyof WorkerEvents;

/** The names that there are, as keys: a table is checked to be complete. */
export const EVENT_NAMES: Readonly<Record<WorkerEventName, true>> = {
  started: true,
  completed: true,
  failed: true,
  retrying: true,
  dead: true,
  lost: true,
  crashed: true,
  error: true,
};
