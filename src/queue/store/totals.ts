/** What has happened since the queue was created. Only the ledger changes the counts of messages among it. */
export interface Totals {
  /** Commits so far: tells the newest row. */
  commit: number;
  /** The last server time seen, in milliseconds. */
  time: number;
  /** The number of the newest segment. */
  lastSegment: number;
  readonly accepted: number;
  readonly done: number;
  readonly purged: number;
  readonly expired: number;
  /** Messages that have arrived in another queue. */
  readonly transferred: number;
  /** Messages that were put and are not done yet, as Python counts them for `join`. */
  readonly unfinished: number;
  /** The number of the newest transfer, and those that are under way. */
  lastTransfer: number;
  transfers: readonly Transfer[];
  /** The queue that refused dead letters last, how often one after the other, and until when nothing is sent to it. */
  backoff: { to: string; times: number; until: number } | null;
  /** Absent while no outcome of a job was ever recorded, so that a queue without jobs stores nothing for them. */
  jobs?: JobTotals;
}

/** What has become of the records of jobs: how many were recorded, and how many are not kept any more, and why. */
export interface JobTotals {
  readonly recorded: number;
  readonly expired: number;
  readonly purged: number;
  /** The same message had another outcome later: it was redriven. */
  readonly replaced: number;
}

/** The totals of job records where nothing was ever recorded. */
export const NO_JOBS: JobTotals = { recorded: 0, expired: 0, purged: 0, replaced: 0 };

/** Messages that go to another queue together. */
export interface Transfer {
  /** Counts the transfers of the queue that sends it. */
  number: number;
  /** The name of the other queue. */
  to: string;
  /** Whether they go there because they are dead, and say so. */
  areDeadLetters: boolean;
}

/** The totals of a queue to which nothing has happened. */
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
