import type { Log, ServerEvent } from "../log.ts";

/** Logs an error of one queue: its code, what happened, and what was thrown if that is known. */
export type QueueLog = (code: ServerEvent["code"], message: string, error?: unknown) => void;

/** The log of one queue of a server. */
export function queueLog(log: Log, queue: string): QueueLog {
  return (code, message, error) => log({ level: "error", source: "queue", queue, code, message, error });
}
