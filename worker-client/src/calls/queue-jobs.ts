import type { ReplyOf } from "../../../src/api/types.ts";
import { CHUNK_HEADER, LIST_LIMIT_DEFAULT, LIST_LIMIT_MAX, TASK_HEADER } from "../../../src/contract/limits.ts";
import {
  CALL_OPTIONS,
  type CallOptions,
  checkNumber,
  checkOptions,
  type Known,
  secondsOf,
} from "../base/check-options.ts";
import type { AnnouncedTask } from "../jobs/announcement.ts";
import type { ResultOptions } from "../jobs/ended-job.ts";
import { Job } from "../jobs/job.ts";
import { type JobState, type JobStatus, statusOf } from "../jobs/job-status.ts";
import { watcherOf } from "../jobs/job-watcher.ts";
import type { JobListener } from "../jobs/watched-job.ts";
import type { Message } from "../message/message.ts";
import { checkId, QueueAdmin } from "./queue-admin.ts";

/** The options of `Queue.jobs`. */
export interface JobsOptions extends CallOptions {
  /** Default: all. */
  state?: JobState | undefined;
  /** Only jobs of this task. */
  task?: string | undefined;
  /** Only jobs that ended at this time or later; for jobs that have not ended, that were put then. */
  since?: Date | undefined;
  /** Only jobs that ended, or were put, before this time. */
  before?: Date | undefined;
  /** How many jobs are asked for at a time: 1 to 1,000. Default 100. */
  pageSize?: number | undefined;
}

const JOBS_OPTIONS: Known<JobsOptions> = {
  ...{ state: true, task: true, since: true, before: true, pageSize: true },
  ...CALL_OPTIONS,
};

/** The calls about jobs, and about the results of messages. */
export abstract class QueueJobs<Item> extends QueueAdmin<Item> {
  /**
   * Waits for the end of a message, and answers with the result that its ack gave, or null if it gave none. Results are
   * kept for messages of tasks, for those that were put with `resultSeconds`, and for those that were acked with a result.
   *
   * @throws {JobFailed} if it has died
   * @throws {JobCancelled} if it was cancelled or purged
   * @throws {Timeout} if it had not ended in time
   * @throws {UnknownMessage} if it is not in the queue, or nothing of it is kept: `expired` tells these apart
   */
  async result<Result = unknown>(id: string, options: ResultOptions = {}): Promise<Result> {
    checkId(id);
    return new Job<Result>(id, undefined, this.calls).result(options);
  }

  /** What a message is now, or what has become of it. Throws `UnknownMessage` as `result` does. */
  async status<Result = unknown>(id: string, options: CallOptions = {}): Promise<JobStatus<Result>> {
    checkId(id);
    return new Job<Result>(id, undefined, this.calls).status(options);
  }

  /**
   * The jobs of the queue: those that have not ended, in the order of their puts, then those that have, the newest first.
   * A large result is not in the list.
   */
  async *jobs(options: JobsOptions = {}): AsyncGenerator<JobStatus> {
    checkOptions("jobs()", options, JOBS_OPTIONS);
    const { state, task, since, before, pageSize = LIST_LIMIT_DEFAULT, ...call } = options;
    checkNumber("pageSize", pageSize, { min: 1, max: LIST_LIMIT_MAX, isInteger: true });
    const times = { since: secondsOf("since", since), before: secondsOf("before", before) };
    const filter = Object.entries({ state, task, ...times }).filter(([, value]) => value !== undefined);
    for (let cursor: string | null = ""; cursor !== null; ) {
      const request = { ...Object.fromEntries(filter), limit: pageSize, ...(cursor === "" ? {} : { cursor }) };
      const outcome = this.calls.send<ReplyOf<"jobs">>("jobs", { request, ...call });
      const page: ReplyOf<"jobs"> = await this.calls.orIfUnknown(outcome, { jobs: [], cursor: null });
      for (const job of page.jobs) yield statusOf(job);
      cursor = page.cursor;
    }
  }

  /** The tasks that workers of the queue have announced, with the JSON Schemas of their inputs where these are known. */
  async tasks(options: CallOptions = {}): Promise<AnnouncedTask[]> {
    checkOptions("tasks()", options, CALL_OPTIONS);
    const outcome = this.calls.send<ReplyOf<"tasks">>("tasks", { ...options });
    return (await this.calls.orIfUnknown(outcome, { tasks: [] })).tasks;
  }

  /** @internal A job by its id. Sends nothing. */
  job<Result>(id: string, task: string | undefined): Job<Result> {
    checkId(id);
    return new Job<Result>(id, task, this.calls);
  }

  /** @internal Tells of a job from now to its end. The result leaves before that. */
  watchJob(id: string, listener: JobListener): () => void {
    return watcherOf(this.calls.route).watch(id, listener);
  }

  /**
   * @internal A worker here knows that the job of a chunk is done, and that this result of it is stored: those that watch it
   * need not wait to be told.
   */
  chunkEnded({ id, attempt, putAt, headers }: Message<unknown>, result: unknown): void {
    if (headers[CHUNK_HEADER] === undefined) return;
    const job = { id, task: headers[TASK_HEADER], attempts: attempt, putAt: putAt.getTime() / 1_000 };
    watcherOf(this.calls.route).heard({ ...job, state: "done", result });
  }
}
