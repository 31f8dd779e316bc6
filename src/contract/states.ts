/**
 * The states of a message: the one list of them. The columns in which they are counted, the sum that always holds, the
 * fields of descriptions and of messages that are shown, and the docs are derived from it.
 */
export const STATES = {
  /** May be handed out now, or waits for its group. */
  visible: { code: 0, until: undefined },
  /** Waits for its time. */
  delayed: { code: 1, until: "visibleAt" },
  /** Handed out, and invisible until it is finished, given back, or its lease ends. */
  leased: { code: 2, until: "leaseEndsAt" },
  /** Not handed out any more. It counts as finished. */
  dead: { code: 4, until: "diedAt" },
  /** On its way to another queue, and not known to have arrived. */
  transferring: { code: 5, until: undefined },
} as const satisfies Record<string, State>;

interface State {
  /** How it is stored. A code never changes its meaning; 3 is a message that is gone. */
  code: number;
  /** The field in which a message shows until when the state lasts, or since when. */
  until: string | undefined;
}

/** The state of a message that is still in the queue. */
export type MessageState = keyof typeof STATES;

/** The names of the states, in the order of their columns. */
export const STATE_NAMES: readonly MessageState[] = Object.keys(STATES) as MessageState[];

/**
 * The states of a job: a message with the name of a task, or whose outcome is kept. The first three are those of its message;
 * the others are its outcome. Each has the field in which it is shown until when it lasts.
 */
export const JOB_STATES = {
  waiting: { until: undefined },
  delayed: { until: "visibleAt" },
  running: { until: "leaseEndsAt" },
  done: { until: "expiresAt" },
  failed: { until: "expiresAt" },
  cancelled: { until: "expiresAt" },
} as const satisfies Record<string, { until: string | undefined }>;

/** The state of a job. */
export type JobState = keyof typeof JOB_STATES;

/** The names of the states of jobs. */
export const JOB_STATE_NAMES: readonly JobState[] = Object.keys(JOB_STATES) as JobState[];

/** How a job ends. */
export const OUTCOMES = ["done", "failed", "cancelled"] as const satisfies readonly JobState[];

export type Outcome = (typeof OUTCOMES)[number];

/** How a message leaves the queue. The total of this name counts it from then on. */
export const ENDINGS = ["done", "purged", "expired", "transferred"] as const;

export type Ending = (typeof ENDINGS)[number];

/** The counts of a queue: its messages in each state, those that are unfinished and accepted, and those that have left it. */
export const COUNT_NAMES = [...STATE_NAMES, "unfinished", "accepted", ...ENDINGS] as const;

export type CountName = (typeof COUNT_NAMES)[number];

/** Why a message is dead: begun `maxAttempts` times, older than its retention, or rejected by a consumer. */
export const DEATH_REASONS = ["max_attempts", "expired", "rejected"] as const;

export type DeathReason = (typeof DEATH_REASONS)[number];
