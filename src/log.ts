import type { ProblemCode } from "./contract/problems.ts";

/** Something that the operator of a server should know. */
export interface ServerEvent {
  level: "error" | "warn";
  /** The part of the server that it is about. */
  source: "queue" | "directory" | "host" | "http" | "binding";
  /** The name of the queue; only of the source `queue`. */
  queue?: string | undefined;
  /**
   * A problem's code; `reset`: the object of a queue was discarded, and loads it again; `push_failed`: its consumer cannot be
   * reached, and nothing is pushed for a time.
   */
  code: ProblemCode | "reset" | "push_failed";
  /** One or more sentences, without a secret. */
  message: string;
  /** What was thrown, if that is known. */
  error?: unknown;
}

/** Takes the events of a server. Throws nothing. */
export type Log = (event: ServerEvent) => void;

/**
 * The log of a server: the console, unless its Worker takes the events.
 *
 * @param onEvent takes them; if it throws, the event is in the console
 */
export function logOf(onEvent: Log | undefined): Log {
  if (onEvent === undefined) return logToConsole;
  return (event) => {
    try {
      onEvent(event);
    } catch (error) {
      logToConsole(event);
      console.error("server: internal: onEvent failed on the event before this line.", error);
    }
  };
}

/** Writes an event to the console, as one line that begins with the queue and the code. */
function logToConsole({ level, source, queue, code, message, error }: ServerEvent): void {
  const line = `${queue === undefined ? source : `${source} ${queue}`}: ${code}: ${message}`;
  if (error === undefined) console[level](line);
  else console[level](line, error);
}
