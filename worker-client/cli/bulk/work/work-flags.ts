import type { CliCommand } from "../../base/command.ts";
import { choiceFlag, numberFlag } from "../../base/flags.ts";

/** The most processes: each takes some 60 MB of memory. */
const PROCESSES_MAX = 256;

/** The most messages after which a thread or process is replaced. */
const TASKS_PER_PROCESS_MAX = 1_000_000;

/** The flags of `work`. */
export interface WorkFlags {
  concurrency?: number;
  processes?: number;
  isolation?: "threads" | "processes";
  maxTasksPerProcess?: number;
  watch?: boolean;
  prefetch?: number;
  leaseSeconds?: number;
  timeoutSeconds?: number;
  shutdownSeconds?: number;
}

/** Adds the flags of `work`. */
export function addWorkFlags(command: CliCommand): CliCommand {
  const whole = (flags: string, description: string, min: number, max: number) =>
    numberFlag(flags, description, { min, max, isInteger: true });
  const seconds = (flags: string, description: string, min: number, max: number) =>
    numberFlag(flags, description, { min, max });
  return command
    .addOption(whole("--concurrency <count>", "messages at a time in each process (default 1)", 1, 10_000))
    .addOption(
      whole("--processes <count>", "processes, which are started again if they die (default 1)", 1, PROCESSES_MAX),
    )
    .addOption(
      choiceFlag("--isolation <kind>", "what runs the handler: threads, or processes (default)", [
        "threads",
        "processes",
      ]),
    )
    .addOption(
      whole(
        "--max-tasks-per-process <count>",
        "messages after which a process is replaced by a new one (default: never)",
        1,
        TASKS_PER_PROCESS_MAX,
      ),
    )
    .option("--watch", "start them anew when the handler's file, or one that it imports, changes")
    .addOption(
      whole("--prefetch <count>", "messages that wait for a free process (default: as handlers take)", 0, 10_000),
    )
    .addOption(
      seconds("--lease-seconds <seconds>", "how long leases last; they are extended (default: the queue's)", 1, 43_200),
    )
    .addOption(
      seconds("--timeout-seconds <seconds>", "the longest a handler may take (default: no limit)", 0.001, 31_622_400),
    )
    .addOption(
      seconds(
        "--shutdown-seconds <seconds>",
        "how long Ctrl-C waits for handlers (default: until they end)",
        0,
        86_400,
      ),
    ) as CliCommand;
}
