/** What the command `work` and the threads or processes that run its handlers tell each other. */

/** What one of these is to load. */
export interface WorkData {
  /** Undefined where the tasks of the module say it. */
  queue: string | undefined;
  /** The path of the handler's module, and how the user calls it. */
  path: string;
  file: string;
  /** Whether the modules that the handler imports are told. */
  tellsImports: boolean;
  /** Whether what the handler prints goes to standard error. */
  printsToErrors: boolean;
}

/** What one of these tells beside what becomes of messages. */
export type WorkExtra =
  /** Modules that the handler has imported, by their paths. */
  | { kind: "imports"; paths: string[] }
  /** The handler cannot be used: the status with which the command ends. */
  | { kind: "unusable"; status: 1 | 2 };
