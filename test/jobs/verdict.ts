import type { JobStatus, QueueManager } from "durable-queue";
import { type Answer, answerTo, endOf, failureOf, QUEUE } from "./job-tasks.ts";
import type { Notebook, Seen } from "./notebook.ts";

/** What a run came to. */
export interface JobsVerdict {
  done: number;
  failed: number;
  cancelled: number;
  /** Failed jobs whose last attempt ended with its worker or its server. */
  cutOff: number;
  rowsWritten: number;
  /** What is not as it has to be; empty if all is well. */
  faults: string[];
}

/** What the queue keeps of a job as a caller sees it, for comparison. */
function seenIn(n: number, { state, result, error }: JobStatus): string {
  const kept = { n, state, ...(state === "done" ? { result } : {}) };
  return JSON.stringify(state === "failed" ? { ...kept, error: `${error?.name}: ${error?.message}` } : kept);
}

const CUT_OFF = /^AttemptsUsedUp: Its last attempt, number 3, ended without an answer/;

function isRight({ n, state, result, error }: Seen): boolean {
  if (state !== endOf(n)) return false;
  if (state === "failed") return error === `RangeError: ${failureOf(n)}` || CUT_OFF.test(error ?? "");
  const answer = result as Answer | undefined;
  return state === "cancelled" || (answer?.n === n && answer.answer === answerTo(n));
}

/** Holds what producers saw against what the queue says, for each job. */
export async function verdictOn(notebook: Notebook, manager: QueueManager, count: number): Promise<JobsVerdict> {
  const queue = manager.queue(QUEUE);
  const faults = [...notebook.faults];
  const listed = new Map<string, JobStatus>();
  for await (const job of queue.jobs({ pageSize: 1_000 })) {
    if (listed.has(job.id)) faults.push(`${job.id} is listed twice`);
    listed.set(job.id, job);
  }
  for (let n = 0; n < count; n += 1) {
    const id = notebook.ids.get(n);
    const seen = notebook.seen.get(n);
    const job = listed.get(id ?? "");
    if (id === undefined || seen === undefined) faults.push(`job ${n} (${id}) has no outcome`);
    else if (!isRight(seen)) faults.push(`job ${n} (${id}) has a wrong outcome: ${JSON.stringify(seen)}`);
    else if (job === undefined) faults.push(`job ${n} (${id}) is not listed`);
    else if (seenIn(n, job) !== JSON.stringify(seen)) {
      faults.push(`job ${n} (${id}) is listed as ${seenIn(n, job)}, and was seen as ${JSON.stringify(seen)}`);
    }
    listed.delete(id ?? "");
  }
  for (const id of listed.keys()) faults.push(`${id} is listed, and no caller has submitted it`);
  const { accepted, unfinished, results, rowsWritten } = await queue.describe();
  const queueSays = JSON.stringify({ accepted, unfinished, results });
  if (queueSays !== JSON.stringify({ accepted: count, unfinished: 0, results: count })) {
    faults.push(`the queue says ${queueSays} of ${count} jobs`);
  }
  return { ...figuresOf(notebook), rowsWritten, faults };
}

function figuresOf({ seen }: Notebook) {
  const all = [...seen.values()];
  const count = (state: Seen["state"]) => all.filter((each) => each.state === state).length;
  const cutOff = all.filter(({ error }) => CUT_OFF.test(error ?? "")).length;
  return { done: count("done"), failed: count("failed"), cancelled: count("cancelled"), cutOff };
}
