import type { DeathReason } from "../../../src/contract/states.ts";

/** The states of a job. The last three are its ends. */
export type JobState = "waiting" | "delayed" | "running" | "done" | "failed" | "cancelled";

/** An error as text, as jobs have it. */
export interface ErrorParts {
  name: string;
  message: string;
  /** Where it was thrown, a line each. */
  stack?: string | undefined;
}

/** A job as the server shows it, with times in seconds since 1970. */
export interface JobView {
  id: string;
  state: JobState;
  task?: string | undefined;
  attempts: number;
  putAt: number;
  visibleAt?: number | undefined;
  leaseEndsAt?: number | undefined;
  progress?: unknown;
  result?: unknown;
  error?: ErrorParts | undefined;
  reason?: DeathReason | undefined;
  finishedAt?: number | undefined;
  expiresAt?: number | undefined;
}

/** What the server says of a job that it does not know, or not any more. */
export interface UnknownJobView {
  id: string;
  state: "unknown";
  expired: boolean;
}

/** The reply to `watch`. */
export interface WatchReply {
  jobs: (JobView | UnknownJobView)[];
}

/** Whether the job has ended. */
export function hasEnded({ state }: Pick<JobView, "state">): boolean {
  return state === "done" || state === "failed" || state === "cancelled";
}
