import type { JobsCommand, JobView, UnknownJob } from "../../../src/queue/base/commands.ts";
import type { JobTotals } from "../../../src/queue/store/totals.ts";
import type { ModelJob } from "./answers.ts";
import type { Both } from "./both.ts";
import { expect, show } from "./expect.ts";
import { endedJobs, unendedJobs, viewOf } from "./jobs.ts";
import { byPlace, type ModelMessage, type ModelView } from "./message.ts";

export type ModelFilter = Pick<JobsCommand, "state" | "task" | "since" | "before">;

/** All fields of a job but its id and its error. */
const FIELDS = ["task", "attempts", "putAt", "until", "progress", "result", "reason", "finishedAt"] as const;

export function compareJob(job: JobView | UnknownJob, { message, id, view }: ModelJob): void {
  const difference = () => `job ${show(job)} instead of ${show(view)} of ${message?.id ?? id}`;
  expect(job.id, message?.id ?? id, difference);
  expect(job.state, view.state, difference);
  if (job.state === "unknown" || view.state === "unknown") {
    expect("isExpired" in job && job.isExpired, "isExpired" in view && view.isExpired, difference);
    return;
  }
  for (const field of FIELDS) expect(job[field], view[field], () => `${field} of ${difference()}`);
  const { error } = view;
  expect(job.error?.name, error?.name, difference);
  if (error?.message === undefined) return;
  expect(job.error?.message, error.message, difference);
  expect(job.error?.stack, error.stack, difference);
}

/** Walks through a whole list of jobs, page by page. */
export function comparePages(both: Both, filter: ModelFilter, limit: number): void {
  const { model, comparison } = both;
  if (!model.exists) return;
  const jobs: JobView[] = [];
  let cursor: string | null = "";
  for (let pages = 0; cursor !== null; pages += 1) {
    const page = both.look({ verb: "jobs", ...filter, cursor, limit });
    if (page?.verb !== "jobs") throw new Error(`jobs answered ${show(page)}`);
    expect(page.jobs.length <= limit && (page.cursor === null || page.jobs.length > 0), true, () => show(page));
    jobs.push(...page.jobs);
    cursor = page.cursor;
    if (pages > 0) comparison.see("jobs on several pages");
  }
  const isMeant = (message: ModelMessage) => isShown(viewOf(model, message) as ModelView, filter);
  const unended = byPlace(unendedJobs(model)).filter(isMeant);
  // What ends at the same time has no order.
  const ended = endedJobs(model).filter(isMeant).sort(byEnd);
  const listed = jobs.slice(unended.length);
  expect(jobs.length, unended.length + ended.length, () => `jobs ${show(jobs.map(({ id }) => id))}`);
  for (let index = 1; index < listed.length; index += 1) {
    const isInOrder = (listed[index - 1]?.finishedAt ?? 0) >= (listed[index]?.finishedAt ?? 0);
    expect(isInOrder, true, () => `order of ${show(listed)}`);
  }
  listed.sort((a, b) => (b.finishedAt ?? 0) - (a.finishedAt ?? 0) || (a.id < b.id ? -1 : 1));
  const inOrder = [...jobs.slice(0, unended.length), ...listed];
  for (const [index, message] of [...unended, ...ended].entries()) {
    compareJob(inOrder[index] as JobView, { message, id: "", view: viewOf(model, message) });
    comparison.see(`${inOrder[index]?.state} job listed`);
  }
}

function byEnd(a: ModelMessage, b: ModelMessage): number {
  return (b.outcome?.finishedAt ?? 0) - (a.outcome?.finishedAt ?? 0) || (a.id < b.id ? -1 : 1);
}

function isShown(view: ModelView, { state, task, since = 0, before = Number.POSITIVE_INFINITY }: ModelFilter): boolean {
  const at = view.finishedAt ?? view.putAt;
  const isOfState = state === undefined || view.state === state;
  return isOfState && (task === undefined || view.task === task) && at >= since && at < before;
}

/**
 * The law of outcomes: each that was ever kept is kept still, has expired, was purged, or was replaced by a later one.
 *
 * @returns how many are kept
 */
export function compareJobTotals(both: Both, totals: JobTotals | undefined): number {
  const { recorded = 0, expired = 0, purged = 0, replaced = 0 } = totals ?? {};
  const { jobs, now } = both.model;
  const difference = () => `outcomes ${show(totals)}`;
  expect(recorded, jobs.recorded, difference);
  expect(purged, jobs.purged, difference);
  const kept = recorded - expired - purged - replaced;
  expect(kept >= jobs.valid(now).length, true, difference);
  return kept;
}
