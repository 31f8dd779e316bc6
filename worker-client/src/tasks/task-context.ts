import type { Message } from "../message/message.ts";

/** What a task's handler gets beside its input. */
export interface TaskContext {
  /** The job's id: that of its message. */
  readonly id: string;
  /** The name of the task. */
  readonly task: string;
  /** Which attempt this is, from 1. */
  readonly attempt: number;
  /**
   * Aborted when the job was cancelled, when its lease is over, and when its `timeoutSeconds` have passed. Give it to
   * what the handler calls, as `fetch`.
   */
  readonly signal: AbortSignal;
  /**
   * Tells those that watch the job how far it is: any JSON value of at most 8 KiB. It is sent at most every 250 ms, and
   * the last value wins, so that it may be called as often as it suits. It is not stored.
   */
  progress(value: unknown): void;
  /** Writes lines that begin with the task and the job's id. */
  readonly log: TaskLog;
  /** The message of the job. */
  readonly message: Message<unknown>;
}

/** Writes lines, as `console` does. */
export interface TaskLog {
  debug(...values: unknown[]): void;
  log(...values: unknown[]): void;
  info(...values: unknown[]): void;
  warn(...values: unknown[]): void;
  error(...values: unknown[]): void;
}
