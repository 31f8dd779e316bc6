import type { JobView } from "../base/commands.ts";
import { formatId } from "../base/receipt.ts";
import type { JobRecord } from "../store/job-records.ts";

/** A job that has ended, as it is shown. */
export function viewOfRecord(idPrefix: string, record: JobRecord): JobView {
  const { place, state, task, attempts, putAt, finishedAt, until, result, error, reason } = record;
  const head = { id: formatId(idPrefix, place), state, task, attempts, putAt };
  return { ...head, until, result, error, reason, finishedAt };
}
