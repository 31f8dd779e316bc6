import { numbersOf } from "./numbers.ts";
import { HERE, inMemory, waitingTasks } from "./pools.ts";

/** An executor for numbers. */
export function numbersExecutor() {
  const manager = inMemory();
  const tasks = numbersOf("numbers");
  return { manager, executor: manager.executor(tasks, HERE) };
}

/** An executor that works on one call at a time, each of which waits for the gate. */
export function waitingExecutor() {
  const { gate, begun, tasks } = waitingTasks();
  const manager = inMemory();
  const executor = manager.executor(tasks, { isolation: "event-loop", onError: () => undefined });
  return { gate, begun, manager, executor };
}
