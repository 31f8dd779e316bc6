import { afterEach } from "vitest";
import { MemoryManager } from "../../../worker-client/memory/index.ts";
import type { PoolOptions } from "../../../worker-client/src/index.ts";
import { defineTasks, task } from "../../../worker-client/src/tasks/index.ts";
import { Gate } from "../workers/workers.ts";
import { numbersOf } from "./numbers.ts";

const managers: MemoryManager[] = [];

afterEach(async () => {
  await Promise.all(managers.splice(0).map((manager) => manager.close({ timeoutSeconds: 0 })));
});

/** A manager that is closed after the test. */
export function inMemory(): MemoryManager {
  const manager = new MemoryManager();
  managers.push(manager);
  return manager;
}

/** Handlers in the process of the test. */
export const HERE = { isolation: "event-loop", concurrency: 4 } satisfies PoolOptions;

/** A pool that squares numbers. */
export function squares(options: PoolOptions = HERE) {
  const manager = inMemory();
  const tasks = numbersOf("numbers");
  return { manager, tasks, pool: manager.pool(tasks, "square", options) };
}

/** A task that waits until the gate opens, or its signal is aborted. */
export function waitingTasks() {
  const gate = new Gate();
  const begun: number[] = [];
  const tasks = defineTasks("waiting", {
    pass: task({
      run: async (n: number, { signal }) => {
        begun.push(n);
        const aborted = new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
        await Promise.race([gate.passed, aborted]);
        return n;
      },
    }),
  });
  return { gate, begun, tasks };
}

/** A pool of that task. */
export function waiting(options: PoolOptions = HERE) {
  const { gate, begun, tasks } = waitingTasks();
  const manager = inMemory();
  const quiet = { onError: () => undefined, ...options };
  return { gate, begun, tasks, manager, pool: manager.pool(tasks, "pass", quiet) };
}

/** What it rejects with. */
export async function errorOf(promise: Promise<unknown>): Promise<Error> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof Error) return error;
  throw new Error("It did not fail.");
}

/** Counts up for ever, and notes how far it was read and whether it was closed. */
export function counting() {
  const seen = { read: 0, isClosed: false };
  const inputs = (function* () {
    try {
      for (; ; seen.read += 1) yield seen.read;
    } finally {
      seen.isClosed = true;
    }
  })();
  return { seen, inputs };
}
