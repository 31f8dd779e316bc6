import type { Child, ChildEvents, ChildOptions } from "./child.ts";
import type { ResolvedIsolation } from "./isolation-options.ts";
import { ProcessChild } from "./process-child.ts";
import { ThreadChild } from "./thread-child.ts";

/** Starts a thread or process. One that the system refuses at once, as for want of memory, has ended soon after. */
export function startChild(
  isolation: ResolvedIsolation["isolation"],
  options: ChildOptions,
  events: ChildEvents,
): Child {
  try {
    return new (isolation === "threads" ? ThreadChild : ProcessChild)(options, events);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    queueMicrotask(() => events.ended({ how: `could not be started (${reason})`, isOwnDoing: false }));
    return {
      kind: isolation === "threads" ? "thread" : "process",
      id: 0,
      send: () => undefined,
      kill: () => undefined,
    };
  }
}
