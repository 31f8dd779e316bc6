import { announcementOf } from "../../jobs/announcement.ts";
import { servedTasks, type TaskRegistry } from "../../tasks/registry.ts";
import type { Ready } from "../protocol.ts";

/** What is told of a registry that was loaded. */
export function readyOf(registry: TaskRegistry): Ready {
  const served = servedTasks(registry);
  const timeouts: Record<string, number> = {};
  for (const [name, { rules }] of served) {
    if (rules.timeoutSeconds !== undefined) timeouts[name] = rules.timeoutSeconds;
  }
  return { queue: registry.queue, tasks: served.map(([name]) => name), announced: announcementOf(registry), timeouts };
}
