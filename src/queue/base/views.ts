/** What the results of commands show: messages, jobs, and what there is to say of a queue. Times are in milliseconds. */
import type { DeathReason, Ending, JobState, MessageState } from "../../contract/states.ts";
import type { Configuration } from "./configuration.ts";

/** Why a job failed. */
export interface JobError {
  name: string;
  message: string;
  stack?: string | undefined;
}

/** A job as it is shown. Which fields it has depends on its state. */
export interface JobView {
  id: string;
  state: JobState;
  task?: string | undefined;
  /** How often a handler has begun with it. */
  attempts: number;
  putAt: number;
  /** When a delayed job is visible, when the lease of a running one ends, and how long an outcome is kept. */
  until?: number | undefined;
  /** The newest progress of a running job, as JSON text. */
  progress?: string | undefined;
  /** As JSON text. Absent from a job that is done where it is too long to be sent unasked. */
  result?: string | undefined;
  error?: JobError | undefined;
  /** Why it failed. */
  reason?: DeathReason | undefined;
  finishedAt?: number | undefined;
}

/** An id of which nothing is known, or nothing any more. */
export interface UnknownJob {
  id: string;
  state: "unknown";
  /** Whether a message of the queue had it. */
  isExpired: boolean;
}

/** A message as `peek` and `messages` show it. */
export interface View {
  id: string;
  state: MessageState;
  attempts: number;
  /** When it is visible again, when its lease ends, or when it died; undefined for a visible message. */
  until?: number;
  group?: string | undefined;
  lastError?: string | undefined;
  /** Why it is dead. */
  reason?: DeathReason;
  /** The cursor of a page that goes on behind it, in a list: undefined where that is its id. */
  cursor?: string | undefined;
  /** A JSON object: the content, priority and time of the put, as stored. */
  payload: string;
}

/** A part of a list of messages. */
export interface Page {
  views: View[];
  /** The size of their payloads, in UTF-8. */
  bytes: number;
  /** Where the next page begins; null on the last one. */
  cursor: string | null;
}

/** A message that is handed out. */
export interface Delivery {
  id: string;
  /** Absent when the message was removed as it was handed out. */
  lease?: { receipt: string; endsAt: number; ms: number };
  /** How often a handler has begun with the message, this time included. */
  attempt: number;
  group?: string | undefined;
  lastError?: string | undefined;
  /** A JSON object: the content, priority and time of the put, as stored. */
  payload: string;
}

/** The configuration of a queue, how many messages are in each state, and what has happened since it was created. */
export interface Description extends Configuration, Record<MessageState | Ending, number> {
  unfinished: number;
  accepted: number;
  /** The age of the oldest message; 0 if there is none. */
  oldestMs: number;
  /** How many outcomes of jobs are kept; some of them may have just expired. */
  outcomes: number;
}
