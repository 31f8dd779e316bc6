/** What the command `work` and its processes tell each other. */

/** What a process is to do. It is its first argument, as JSON. */
export interface ProcessTask {
  /** Undefined where the tasks of the module say it. */
  queue: string | undefined;
  /** The path of the handler's module, and how the user calls it. */
  path: string;
  file: string;
  concurrency: number;
  prefetch?: number | undefined;
  leaseSeconds?: number | undefined;
  timeoutSeconds?: number | undefined;
  /** Whether each finished message is told. */
  tellsMessages: boolean;
  /** Whether the modules that the handler imports are told. */
  tellsImports: boolean;
}

/** To a process. */
export type ToProcess =
  /** Take nothing more and finish what is in hand: for so many seconds, if they are given; then end. */
  | { kind: "stop"; timeoutSeconds: number | undefined }
  /** Give back what is in hand, and end. */
  | { kind: "end" };

/** From a process. */
export type FromProcess =
  /** The handler is loaded, and the work has begun: on these tasks, if there are tasks. */
  | { kind: "ready"; queue: string; tasks: string[] | undefined }
  /** Messages were finished since it was last told; their JSON lines, if they are wanted. */
  | { kind: "finished"; done: number; failed: number; lines: string[] }
  /** Modules that the handler has imported, by their paths. */
  | { kind: "imports"; paths: string[] }
  /** The queue was shut down, and nothing will come any more. */
  | { kind: "over" }
  /** The handler cannot be loaded, or is none. `status` is that of the command. */
  | { kind: "unusable"; message: string; status: 1 | 2 }
  /** The server refuses the work. */
  | { kind: "refused"; message: string; code: string };

/** The line for one finished message. */
export interface FinishedLine {
  id: string;
  /** The name of the task, of a job. */
  task?: string;
  outcome: "done" | "failed";
  attempt: number;
  /** How long the handler took. */
  seconds: number;
  /** What the handler threw. */
  error?: string;
}
