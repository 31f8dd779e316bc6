import { detailsOf, type Log, type LogDetails, type LogLevel, lineOf } from "../events/log.ts";
import type { Message } from "../message/message.ts";
import type { TaskLog } from "../tasks/task-context.ts";

/** What the handler of one job logs by: lines begin with its task and its id, and have these as fields. */
export function taskLog(queue: string, task: string, message: Message<unknown>, log: Log | undefined): TaskLog {
  const begin = `${task} ${message.id}:`;
  const write = (level: LogLevel, values: readonly unknown[]) => {
    if (log === undefined) {
      console[level](begin, ...values);
      return;
    }
    const details: LogDetails = detailsOf(queue, message);
    const others = values.filter((value) => typeof value !== "string");
    if (others.length > 0) details.values = others;
    log.write(level, [begin, ...values.map(lineOf)].join(" "), details);
  };
  return {
    debug: (...values) => write("debug", values),
    log: (...values) => write("info", values),
    info: (...values) => write("info", values),
    warn: (...values) => write("warn", values),
    error: (...values) => write("error", values),
  };
}
