import { CRASH_CODE, crashText } from "./crash.ts";
import { aboutMessage, detailsOf, errorFields, type Log, type LogDetails, type LogLevel, lineOf } from "./log.ts";
import type { Crash, WorkerEventName, WorkerEvents } from "./worker-events.ts";

/** How an event is logged, where that is not decided by its name. */
export interface Line {
  level?: LogLevel | undefined;
  /** What comes before the error in the text. */
  what?: string | undefined;
}

/** The levels of the lines of each event. */
const LEVELS: Readonly<Record<WorkerEventName, LogLevel>> = {
  started: "debug",
  completed: "debug",
  failed: "warn",
  retrying: "debug",
  dead: "error",
  lost: "warn",
  crashed: "error",
  error: "error",
};

/** What an event may have. */
type AnyEvent = Partial<WorkerEvents["completed"] & WorkerEvents["dead"] & WorkerEvents["lost"]>;

/** Writes the line of an event. */
export function logEvent<Name extends WorkerEventName>(
  log: Log,
  queue: string,
  name: Name,
  event: WorkerEvents[Name],
  { level = LEVELS[name], what }: Line = {},
): void {
  if (name === "crashed") {
    const crash = event as Crash;
    log.write(level, `${aboutMessage(queue, undefined)} ${CRASH_CODE}: ${crashText(crash)}`, { queue, crash });
    return;
  }
  const { message, seconds, reason, ...rest } = event as AnyEvent;
  const details: LogDetails = detailsOf(queue, message);
  if (seconds !== undefined) details.seconds = seconds;
  if (reason !== undefined) details.reason = reason;
  if ("error" in rest) details.error = errorFields(rest.error);
  const text = what ?? textOf(name, event as AnyEvent);
  const error = "error" in rest && name !== "retrying" ? ` ${lineOf(rest.error)}` : "";
  log.write(level, `${aboutMessage(queue, message)}${text}${error}`, details);
}

function textOf(name: WorkerEventName, { seconds = 0, reason, cancelled }: AnyEvent): string {
  switch (name) {
    case "started":
      return " started";
    case "completed":
      return ` completed in ${seconds.toFixed(3)} s`;
    case "failed":
      return ` failed after ${seconds.toFixed(3)} s:`;
    case "retrying":
      return " will be tried again";
    case "dead":
      return ` is dead (${reason}):`;
    case "lost":
      return cancelled === true ? " was cancelled:" : " was lost:";
    default:
      return "";
  }
}
