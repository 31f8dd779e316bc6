import type { Description } from "./base/commands.ts";
import type { QueueState } from "./dispatcher.ts";

/** What there is to say of a queue: its configuration, where its messages are, what has happened since it was created. */
export function describe({ configuration, messages }: QueueState, now: number): Description {
  const { visible, delayed, leased, dead, transferring } = messages.counts;
  const { unfinished, accepted, done, purged, expired, transferred } = messages.totals;
  const oldestMs = Math.max(0, now - (messages.oldestPutAt() ?? now));
  const states = { visible, delayed, leased, dead, transferring };
  return { ...configuration, ...states, unfinished, accepted, done, purged, expired, transferred, oldestMs };
}
