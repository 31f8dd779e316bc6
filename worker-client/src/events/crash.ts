import { QueueError } from "../base/errors.ts";
import type { Crash } from "./worker-events.ts";

/** What a line about a crash begins with, behind the queue. */
export const CRASH_CODE = "process_died";

/** A crash in words, as "Process 4711 was ended by SIGKILL. Another one begins in 0.5 seconds." */
export function crashText({ kind, id, reason, restartSeconds }: Crash): string {
  const what = kind === "process" ? "Process" : "Thread";
  if (restartSeconds === undefined) return `${what} ${id} ${reason}. No other one begins: the worker ends.`;
  const seconds = restartSeconds === 1 ? "1 second" : `${restartSeconds} seconds`;
  return `${what} ${id} ${reason}. Another one begins in ${seconds}.`;
}

/** The error for a crash, as `onError` gets it. */
export function crashError(queue: string, crash: Crash): QueueError {
  return new QueueError(crashText(crash), { code: CRASH_CODE, queue });
}
