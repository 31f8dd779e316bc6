import { afterEach } from "vitest";
import type { MemoryManager } from "../../../worker-client/memory/index.ts";
import type { QueueManager, TaskWorkOptions } from "../../../worker-client/src/index.ts";
import { freshName } from "../server.ts";
import { tasksOf } from "./tasks.ts";

/** Both ways in which handlers run apart from the worker. */
export const APART = ["processes", "threads"] as const;

/** Starts workers of a queue of its own each, which are closed after the test. */
export function isolatedWorkers(managerOf: () => QueueManager | MemoryManager) {
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    await Promise.all(closing.splice(0).map((close) => close()));
  });
  return (options: TaskWorkOptions) => {
    const manager = managerOf();
    closing.push(() => manager.close({ timeoutSeconds: 0 }));
    const registry = tasksOf(freshName());
    const reported: Error[] = [];
    const worker = manager.work(registry, {
      processes: 1,
      onError: (error) => reported.push(error as Error),
      ...options,
    });
    // Where it is awaited, it throws all the same.
    worker.finished.catch(() => undefined);
    return {
      worker,
      client: manager.tasks(registry),
      queue: manager.queue(registry.queue),
      reported,
      name: registry.queue,
    };
  };
}
