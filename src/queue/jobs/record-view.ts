import { utf8Bytes } from "../base/bytes.ts";
import type { JobView, UnknownJob } from "../base/commands.ts";
import { formatId } from "../base/receipt.ts";
import type { JobRecord } from "../store/job-records.ts";

/** A job that has ended, as it is shown. */
export function viewOfRecord(idPrefix: string, record: JobRecord): JobView {
  const { place, state, task, attempts, putAt, finishedAt, until, result, error, reason } = record;
  const head = { id: formatId(idPrefix, place), state, task, attempts, putAt };
  return { ...head, until, result, error, reason, finishedAt };
}

/** What is long of a job as it is shown, in UTF-8. */
export function bytesOfJob(job: JobView | UnknownJob): number {
  if (job.state === "unknown") return 0;
  const { result = "", progress = "", error } = job;
  return utf8Bytes(result) + utf8Bytes(progress) + utf8Bytes(error?.message ?? "") + utf8Bytes(error?.stack ?? "");
}

/** A job without what may be long of it. That of a job that is done is asked for. */
export function shortened<Job extends JobView | UnknownJob>(job: Job): Job {
  if (job.state === "unknown") return job;
  const { error } = job as JobView;
  return { ...job, result: undefined, error: error && { name: error.name, message: error.message } };
}
