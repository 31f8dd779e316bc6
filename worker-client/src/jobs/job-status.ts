import type { JobReply } from "../../../src/api/types.ts";
import type { DeathReason, JobState } from "../../../src/contract/states.ts";
import { dateOf, dateOrUndefined } from "../message/dates.ts";

export type { JobState };

/** The error of a job that has failed or was cancelled, as text. */
export interface JobError {
  name: string;
  message: string;
  /** Where it was thrown in the worker, a line each; undefined where that is not known. */
  stack: string | undefined;
}

/** A job as it was when the server looked. */
export interface JobStatus<Result = unknown> {
  /** The id of its message. */
  id: string;
  /** `waiting`, `delayed` and `running` go on; `done`, `failed` and `cancelled` are its ends. */
  state: JobState;
  /** The name of its task; undefined for a message that is none of a task. */
  task: string | undefined;
  /** How often it was begun. */
  attempts: number;
  putAt: Date;
  /** When a delayed job is visible. */
  visibleAt: Date | undefined;
  /** Until when a running one is leased, unless that is extended. */
  leaseEndsAt: Date | undefined;
  /** What its handler last told of its progress, while it runs. */
  progress: unknown;
  /** Of a job that is done. In a list it is undefined if it is large: `result` of the job or the queue has it. */
  result: Result | undefined;
  /** Of a job that has failed. */
  error: JobError | undefined;
  /** Why it has failed. */
  reason: DeathReason | undefined;
  finishedAt: Date | undefined;
  /** Until when its result, or its error, is kept. */
  expiresAt: Date | undefined;
}

/** Something that happened to a job, as it was then: another state, or progress. */
export type JobEvent<Result = unknown> = JobStatus<Result>;

/** @internal */
export function statusOf<Result>(view: JobReply): JobStatus<Result> {
  const { id, state, task, attempts, putAt, visibleAt, leaseEndsAt, progress, result, reason } = view;
  return {
    ...{ id, state, task, attempts, progress, reason },
    result: result as Result | undefined,
    error: errorOf(view.error),
    putAt: dateOf(putAt),
    visibleAt: dateOrUndefined(visibleAt),
    leaseEndsAt: dateOrUndefined(leaseEndsAt),
    finishedAt: dateOrUndefined(view.finishedAt),
    expiresAt: dateOrUndefined(view.expiresAt),
  };
}

function errorOf(error: JobReply["error"]): JobError | undefined {
  return error === undefined ? undefined : { name: error.name, message: error.message, stack: error.stack };
}
