/**
 * What is used of the modules of Node by which processes and threads are started; Bun and Deno have them too. They are
 * looked up when they are used, so that bundles for Workers and browsers do not contain them.
 */

/** A child process with a channel for messages. */
export interface StartedProcess {
  readonly pid?: number | undefined;
  readonly connected: boolean;
  send(message: unknown, sent: (error: Error | null) => void): boolean;
  kill(signal: "SIGKILL"): boolean;
  on(event: "message", heard: (message: unknown) => void): unknown;
  on(event: "error", failed: (error: Error) => void): unknown;
  once(event: "exit", ended: (code: number | null, signal: string | null) => void): unknown;
  once(event: "disconnect", ended: () => void): unknown;
}

/** Where the output of a child process goes: to that of this process, or to a descriptor of it. */
type Output = "inherit" | number;

/** `node:child_process`. */
interface ChildProcesses {
  fork(
    program: string,
    programArguments: readonly string[],
    options: {
      env?: Readonly<Record<string, string | undefined>> | undefined;
      execArgv: string[];
      serialization: "json";
      stdio: ["ignore", Output, Output, "ipc"];
    },
  ): StartedProcess;
}

/** A worker thread. */
export interface StartedThread {
  readonly threadId: number;
  postMessage(message: unknown): void;
  terminate(): Promise<unknown>;
  on(event: "message", heard: (message: unknown) => void): unknown;
  on(event: "error", failed: (error: unknown) => void): unknown;
  once(event: "exit", ended: (code: number) => void): unknown;
}

/** `node:worker_threads`. */
interface Threads {
  Worker: new (
    program: URL | string,
    options: { env?: Readonly<Record<string, string | undefined>>; eval?: boolean },
  ) => StartedThread;
}

/** `node:url`. */
interface Urls {
  fileURLToPath(url: URL): string;
}

/** `node:fs`. */
interface Files {
  existsSync(path: string): boolean;
}

interface BuiltinModules {
  "node:child_process": ChildProcesses;
  "node:worker_threads": Threads;
  "node:os": { availableParallelism?: () => number };
  "node:url": Urls;
  "node:fs": Files;
}

interface Runtime {
  process?: {
    execArgv?: readonly string[];
    getBuiltinModule?: (name: string) => unknown;
  };
}

const runtime = globalThis as unknown as Runtime;

/** A module of Node; undefined in runtimes that do not have it. */
export function builtinModule<Name extends keyof BuiltinModules>(name: Name): BuiltinModules[Name] | undefined {
  try {
    return runtime.process?.getBuiltinModule?.(name) as BuiltinModules[Name] | undefined;
  } catch {
    return undefined;
  }
}

/** The options of Node that this process was started with, as `--conditions`. */
export function optionsOfNode(): readonly string[] {
  return runtime.process?.execArgv ?? [];
}

/** How many threads the machine can run at the same time; 1 where that is not known. */
export function processors(): number {
  return builtinModule("node:os")?.availableParallelism?.() ?? 1;
}
