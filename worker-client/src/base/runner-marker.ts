import { QueueError } from "./errors.ts";

/** Under this the global object of a thread or process that runs handlers says what it does. */
const MARKER = Symbol.for("durable-queue.runner");

const marked = globalThis as { [MARKER]?: "loading" | "serving" };

/** This thread or process runs handlers, and loads their module, or has loaded it. */
export function markRunner(state: "loading" | "serving"): void {
  marked[MARKER] = state;
}

/**
 * Throws while this thread or process loads the module of its handlers: what starts workers there would start them in each
 * of the threads and processes that a worker has started.
 *
 * @param call how the call is written, as `work()`
 * @throws {QueueError} `handler_unusable`
 */
export function assertNoRunner(call: string): void {
  if (marked[MARKER] !== "loading") return;
  throw new QueueError(
    `${call} is called while a thread or process for handlers loads the module of its tasks, which would start workers in each of them. Define the tasks in a module of their own, or call it only if (import.meta.main).`,
    { code: "handler_unusable" },
  );
}
