import type { Description } from "./base/commands.ts";
import type { Configuration } from "./base/configuration.ts";
import type { Ledger } from "./store/ledger.ts";

/**
 * What there is to say of a queue: its configuration, where its messages are, what has happened since it was created.
 *
 * @param oldestPutAt when the oldest message was put, in milliseconds; `now` if there is none
 */
export function describe(
  configuration: Configuration,
  { counts, totals }: Ledger,
  oldestPutAt: number,
  now: number,
): Description {
  const { visible, delayed, leased, dead, transferring } = counts;
  const { unfinished, accepted, done, purged, expired, transferred } = totals;
  const states = { visible, delayed, leased, dead, transferring };
  const oldestMs = Math.max(0, now - oldestPutAt);
  return { ...configuration, ...states, unfinished, accepted, done, purged, expired, transferred, oldestMs };
}
