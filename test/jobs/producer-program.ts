// The producer of the job test: `producer-program.ts '{"address", "authkey", "file", "jobs"}'`. It submits jobs, cancels
// some, and awaits the outcome of each. What it learns is in the file before it goes on, and it begins with what is there:
// it may be killed at any time. After each outcome it says how many there are.
import { type Job, JobCancelled, JobFailed, QueueManager } from "durable-queue";
import { type End, endOf, tasks } from "./job-tasks.ts";
import { Notebook, type Seen } from "./notebook.ts";

/** Jobs that are submitted together. */
const BATCH = 50;

/** More jobs are not under way at a time, so that the load lasts as long as the kills. */
const UNDER_WAY_MAX = 500;

interface Settings {
  address: string;
  authkey: string;
  file: string;
  jobs: number;
}

process.once("disconnect", () => process.exit());
const settings = JSON.parse(process.argv[2] ?? "{}") as Settings;
const { address, authkey, file } = settings;
const notebook = new Notebook(file);
const manager = new QueueManager({ address, authkey });
const client = manager.tasks(tasks);
const underWay = new Set<Promise<void>>();

/** What a caller of the job sees. */
async function outcomeOf(n: number, job: Job): Promise<Seen> {
  try {
    return { n, state: "done", result: await job.result() };
  } catch (error) {
    if (error instanceof JobCancelled) return { n, state: "cancelled" };
    if (!(error instanceof JobFailed)) throw error;
    return { n, state: "failed", error: `${error.remoteName}: ${error.remoteMessage}` };
  }
}

async function follow(n: number, id: string): Promise<void> {
  const job = client.job(id);
  if (endOf(n) === "cancelled") await job.cancel();
  notebook.ended(await outcomeOf(n, job));
  process.send?.(notebook.seen.size);
}

function begin(n: number, id: string): void {
  const followed = follow(n, id);
  underWay.add(followed);
  void followed.finally(() => underWay.delete(followed));
}

/** Submits what has no id yet. Answers that were lost with an earlier producer come again: each job has its own key. */
async function submit(numbers: readonly number[]): Promise<void> {
  for (const end of ["done", "failed", "cancelled"] satisfies End[]) {
    const some = numbers.filter((n) => endOf(n) === end);
    if (some.length === 0) continue;
    const jobs = await client[end].submitMany(some, { each: (n) => ({ dedupeKey: `job-${n}` }) });
    for (const [index, { id }] of jobs.entries()) {
      const n = some[index] as number;
      notebook.submitted(n, [id]);
      begin(n, id);
    }
  }
}

for (const [n, id] of notebook.ids) if (!notebook.seen.has(n)) begin(n, id);
for (let from = 0; from < settings.jobs; from += BATCH) {
  const count = Math.min(BATCH, settings.jobs - from);
  const numbers = Array.from({ length: count }, (_, index) => from + index);
  await submit(numbers.filter((n) => !notebook.ids.has(n)));
  while (underWay.size > UNDER_WAY_MAX) await Promise.race(underWay);
}
await Promise.all(underWay);
await manager.close();
process.disconnect?.();
