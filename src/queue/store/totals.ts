import type { Totals } from "./rows.ts";
import type { StateCounts } from "./states.ts";

export const NO_TOTALS: Totals = {
  commit: 0,
  time: 0,
  lastSegment: 0,
  accepted: 0,
  done: 0,
  purged: 0,
  expired: 0,
  transferred: 0,
  unfinished: 0,
  lastTransfer: 0,
  transfers: [],
  backoff: null,
};

/** Python's unfinished count. It stops at 0 where somebody had reported messages done before they were taken. */
export function finish(totals: Totals, count: number): void {
  totals.unfinished = Math.max(0, totals.unfinished - count);
}

/** Every accepted message is somewhere: the invariant that makes a lost or doubled one an error instead of a surprise. */
export function assertCountsBalance(
  totals: Totals,
  { visible, delayed, leased, dead, transferring }: StateCounts,
): void {
  const { accepted, done, purged, expired, transferred } = totals;
  if (accepted !== visible + delayed + leased + dead + transferring + done + purged + expired + transferred) {
    throw new Error(
      `Messages do not add up: ${accepted} accepted, but ${visible} visible, ${delayed} delayed, ${leased} leased, ` +
        `${dead} dead, ${transferring} transferring, ${done} done, ${purged} purged, ${expired} expired, ${transferred} transferred.`,
    );
  }
}
