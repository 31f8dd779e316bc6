/** The errors of jobs and tasks. */
import type { JobReply } from "../../../src/api/types.ts";
import type { DeathReason } from "../../../src/contract/states.ts";
import { type ErrorDetails, Invalid, QueueError } from "./errors.ts";

/** What a job's error is about. */
interface JobPlace {
  queue: string;
  job: JobReply;
}

/** The job has failed: its last attempt threw, or it was rejected, or its time was over before an attempt. */
export class JobFailed extends QueueError {
  override readonly name = "JobFailed";
  readonly jobId: string;
  /** The name of its task; undefined for a message that is none of a task. */
  readonly task: string | undefined;
  /** How often it was begun. */
  readonly attempts: number;
  readonly reason: DeathReason | undefined;
  /**
   * The name of the error that its handler threw; `AttemptsUsedUp` or `Expired` if none was thrown, as where the worker
   * died.
   */
  readonly remoteName: string | undefined;
  /** The message of that error. */
  readonly remoteMessage: string | undefined;
  /** The stack of that error, in the worker. */
  readonly remoteStack: string | undefined;

  /** @internal */
  constructor({ queue, job }: JobPlace) {
    const { id, task, attempts, reason, error } = job;
    const after = attempts === 0 ? "" : attempts === 1 ? " after 1 attempt" : ` after ${attempts} attempts`;
    super(`The job ${nameOf(job)} of ${queue} failed${after}: ${whatHappened(error, reason)}`, {
      code: "job_failed",
      queue,
    });
    this.jobId = id;
    this.task = task;
    this.attempts = attempts;
    this.reason = reason;
    this.remoteName = error?.name;
    this.remoteMessage = error?.message;
    this.remoteStack = error === undefined ? undefined : stackOf(error);
  }
}

/** The job was cancelled, or its message was purged. */
export class JobCancelled extends QueueError {
  override readonly name = "JobCancelled";
  /** "" for a future that was cancelled before its job was put. */
  readonly jobId: string;
  /** The name of its task; undefined for a message that is none of a task. */
  readonly task: string | undefined;

  /** @internal */
  constructor({ queue, job }: { queue: string; job: Pick<JobReply, "id" | "task"> }) {
    const what = job.id === "" ? `A job of the task ${job.task}` : `The job ${nameOf(job)}`;
    super(`${what} of ${queue} was cancelled.`, { code: "job_cancelled", queue });
    this.jobId = job.id;
    this.task = job.task;
  }
}

/** The wait for jobs was over before they had ended. The jobs go on. */
export class Timeout extends QueueError {
  override readonly name = "Timeout";
  constructor(message: string, details: ErrorDetails = {}) {
    super(message, { ...details, code: details.code ?? "timeout" });
  }
}

/** A part of a value that breaks a rule of its schema. */
export interface InputIssue {
  readonly message: string;
  /** Where in the value: the keys from the outside in. */
  readonly path: readonly PropertyKey[];
}

/** The input of a task does not fit its schema. At submit nothing was sent; at a worker the job has failed at once. */
export class InvalidInput extends Invalid {
  override readonly name = "InvalidInput";
  readonly task: string;
  /** What the schema says. */
  readonly issues: readonly InputIssue[];

  /** @internal */
  constructor(
    message: string,
    { task, issues, queue }: { task: string; issues: readonly InputIssue[]; queue: string },
  ) {
    const errors = issues.map((issue) => ({ path: pathText(issue.path), message: issue.message }));
    super(message, { code: "invalid_input", queue, errors });
    this.task = task;
    this.issues = issues;
  }
}

/** What a task's handler returned is no result: it does not fit the output, has no JSON form, or is too large. */
export class InvalidOutput extends QueueError {
  override readonly name = "InvalidOutput";

  /** @internal */
  constructor(message: string, details: ErrorDetails = {}) {
    super(message, { ...details, code: details.code ?? "invalid_output" });
  }
}

/** Where in a value, as `items[2].url`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    return text === "" ? String(key) : `${text}.${String(key)}`;
  }, "");
}

function nameOf({ id, task }: Pick<JobReply, "id" | "task">): string {
  return task === undefined ? id : `${id} (${task})`;
}

function headOf({ name, message }: NonNullable<JobReply["error"]>): string {
  return message === "" ? name : `${name}: ${message}`;
}

/** With the name and the message before it, as stacks in JavaScript have them. */
function stackOf({ name, message, stack }: NonNullable<JobReply["error"]>): string | undefined {
  if (stack === undefined) return undefined;
  return stack.startsWith(name) ? stack : `${headOf({ name, message })}\n${stack}`;
}

function whatHappened(error: NonNullable<JobReply["error"]> | undefined, reason: DeathReason | undefined): string {
  return error === undefined ? `${reason ?? "its error is not known"}.` : headOf(error);
}
