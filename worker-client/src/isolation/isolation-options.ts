import { checkNumber, type Known, shown } from "../base/check-options.ts";
import { processors } from "../base/node-modules.ts";
import type { WorkOptions } from "../workers/work-options.ts";

/** Where handlers run. */
export type Isolation = "event-loop" | "threads" | "processes";

/** The options that say where the handlers of tasks run. */
export interface IsolationOptions {
  /**
   * Where handlers run: `event-loop`: in that of this process; `threads`: in worker threads; `processes`: in child
   * processes. In threads and processes a handler may block, or end its process: the leases of messages are renewed here.
   * The registry needs its `module`. Default: `processes` if their number is given, else `event-loop`.
   */
  isolation?: Isolation | undefined;
  /**
   * How many threads or processes: 1 to 256. `concurrency` is what each of them works on at the same time. Default: as
   * many as the machine has processors.
   */
  processes?: number | undefined;
  /** After so many tasks a thread or process is replaced by a new one: 1 to 1,000,000. Default: never. */
  maxTasksPerProcess?: number | undefined;
}

/** The options of `QueueManager.work`. */
export interface TaskWorkOptions extends WorkOptions, IsolationOptions {}

/** How handlers are run in threads or processes. */
export interface ResolvedIsolation {
  isolation: "threads" | "processes";
  processes: number;
  maxTasksPerProcess: number | undefined;
}

/** The most threads or processes of a worker. */
const PROCESSES_MAX = 256;

/** The most tasks after which a thread or process is replaced. */
const TASKS_PER_PROCESS_MAX = 1_000_000;

/** The options that say where handlers run: the names alone count. */
export const ISOLATION_OPTIONS: Known<IsolationOptions> = {
  isolation: true,
  processes: true,
  maxTasksPerProcess: true,
};

const ISOLATIONS: readonly unknown[] = ["event-loop", "threads", "processes"] satisfies Isolation[];

/**
 * How handlers are run in threads or processes; undefined for the event loop.
 *
 * @throws {TypeError} for a wrong option, and for those of processes with the event loop
 * @throws {RangeError} for a number out of its range
 */
export function isolationOf(options: IsolationOptions): ResolvedIsolation | undefined {
  const { processes, maxTasksPerProcess } = options;
  const isolation = options.isolation ?? (processes === undefined ? "event-loop" : "processes");
  if (!ISOLATIONS.includes(isolation)) {
    throw new TypeError(`isolation must be "event-loop", "threads" or "processes", not ${shown(isolation)}.`);
  }
  if (processes !== undefined) checkNumber("processes", processes, { min: 1, max: PROCESSES_MAX, isInteger: true });
  if (maxTasksPerProcess !== undefined) {
    checkNumber("maxTasksPerProcess", maxTasksPerProcess, { min: 1, max: TASKS_PER_PROCESS_MAX, isInteger: true });
  }
  if (isolation !== "event-loop") {
    return { isolation, processes: processes ?? Math.min(processors(), PROCESSES_MAX), maxTasksPerProcess };
  }
  const useless = processes !== undefined ? "processes" : maxTasksPerProcess !== undefined ? "maxTasksPerProcess" : "";
  if (useless === "") return undefined;
  throw new TypeError(
    `${useless} needs handlers that run in threads or processes: give isolation "threads" or "processes" too.`,
  );
}
