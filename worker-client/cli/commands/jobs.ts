import { JOB_STATE_NAMES } from "../../../src/contract/states.ts";
import type { JobState } from "../../src/index.ts";
import type { Act, CliCommand } from "../base/command.ts";
import { confirm } from "../base/confirm.ts";
import type { Context } from "../base/context.ts";
import { counted } from "../base/durations.ts";
import { eachOf } from "../base/each-of.ts";
import { Failure } from "../base/exit.ts";
import { choiceFlag, dateFlag, numberFlag } from "../base/flags.ts";
import { JOB_COLUMNS, showJob } from "../views/job-lines.ts";
import { limited } from "../views/limited.ts";

interface ListFlags {
  state?: JobState;
  task?: string;
  since?: Date;
  before?: Date;
  limit?: number;
}

/** `jobs`: messages whose results are kept, and what became of them. */
export function addJobs(program: CliCommand, act: Act): void {
  const jobs = program
    .command("jobs")
    .description("List jobs, look at them, await and cancel them. A job is a message of a task, or one with a result.");
  addList(jobs, act);
  jobs
    .command("show")
    .description("Show what a job is now, or what became of it, with its result or its error.")
    .argument("<queue>")
    .argument("<id>", "as tasks call has printed it")
    .example("durable-queue jobs show images 0.k2f9b2gi-1-0")
    .action(act<object, [string, string]>(show));
  jobs
    .command("result")
    .summary("Wait for a job, and print its result.")
    .description(
      "Wait for a job, and print its result as one line of JSON. Fails with status 1 and the job's error if it fails. Ctrl-C ends the wait; the job goes on.",
    )
    .argument("<queue>")
    .argument("<id>", "as tasks call has printed it")
    .addOption(
      numberFlag("--timeout-seconds <seconds>", "how long to wait, 0 not at all (default: without end)", { min: 0 }),
    )
    .example("durable-queue jobs result images 0.k2f9b2gi-1-0 --timeout-seconds 60")
    .action(act<{ timeoutSeconds?: number }, [string, string]>(result));
  addChanging(jobs, act);
}

function addList(jobs: CliCommand, act: Act): void {
  jobs
    .command("ls")
    .alias("list")
    .description(
      "List the jobs of a queue: those that have not ended, in the order of their puts, then those that have, the newest first. On a terminal the first 100, unless --limit says otherwise; in a pipe all of them. Of large results durable-queue jobs result has the rest.",
    )
    .argument("<queue>")
    .addOption(choiceFlag("--state <state>", "only those in this state", JOB_STATE_NAMES))
    .option("--task <task>", "only those of this task")
    .addOption(dateFlag("--since <time>", "only those that ended, or else were put, since, as 2030-01-31T12:00:00Z"))
    .addOption(dateFlag("--before <time>", "only those that ended, or else were put, before"))
    .addOption(numberFlag("--limit <count>", "at most so many; 0 for all", { min: 0, isInteger: true }))
    .example("durable-queue jobs ls images --state failed --task resize --limit 10")
    .action(act<ListFlags, [string]>(list));
}

function addChanging(jobs: CliCommand, act: Act): void {
  jobs
    .command("cancel")
    .summary("Cancel jobs, also while they run.")
    .description(
      "Cancel jobs: one that waits is removed, and the handler of one that runs is told to end. Fails if one of them has ended, or is not in the queue.",
    )
    .argument("<queue>")
    .argument("<id...>")
    .example("durable-queue jobs cancel images 0.k2f9b2gi-1-0 0.k2f9b2gi-1-1")
    .action(act<object, [string, string[]]>(cancel));
  jobs
    .command("purge")
    .summary("Remove what is kept of jobs that have ended.")
    .description(
      "Remove the results and errors that are kept of jobs that have ended. Jobs that have not ended stay. Asks before it does so.",
    )
    .argument("<queue>")
    .example("durable-queue jobs purge images --yes")
    .action(act<object, [string]>(purge));
}

async function list(context: Context, { limit, ...filter }: ListFlags, name: string): Promise<void> {
  const { output, signal } = context;
  const queue = (await context.manager()).queue(name);
  const isFiltered = Object.keys(filter).length > 0;
  await output.list(JOB_COLUMNS, limited(output, queue.jobs({ ...filter, signal }), limit), {
    none: isFiltered ? `${name} has no such job.` : `There are no jobs in ${name}, and no results are kept.`,
  });
}

async function show(context: Context, _: object, name: string, id: string): Promise<void> {
  const { output, signal } = context;
  const job = await (await context.manager()).queue(name).status(id, { signal });
  await (output.isJson ? output.json(job) : showJob(output, job));
}

async function result(
  context: Context,
  { timeoutSeconds }: { timeoutSeconds?: number },
  name: string,
  id: string,
): Promise<void> {
  const { awaitJob } = await import("../bulk/tasks/job-wait.ts");
  await awaitJob(context, name, id, timeoutSeconds);
}

async function cancel(context: Context, _: object, name: string, ids: string[]): Promise<void> {
  const tasks = (await context.manager()).tasks(name);
  const ended: string[] = [];
  await eachOf(context, ids, async (id, signal) => {
    if (await tasks.job(id).cancel({ signal })) return [{ id, cancelled: true }, `${id} is cancelled.`];
    ended.push(id);
    return undefined;
  });
  if (ended.length > 0) throw new Failure(`Ended already, or not in ${name}: ${ended.join(", ")}.`, "unknown_message");
}

async function purge(context: Context, _: object, name: string): Promise<void> {
  const { output, signal } = context;
  const queue = (await context.manager()).queue(name);
  await confirm(context, "jobs purge", async () => {
    const { results } = await queue.describe({ signal });
    return `Remove what is kept of ${counted(results, "job")} of ${name} that ${results === 1 ? "has" : "have"} ended?`;
  });
  const purged = await queue.purge({ only: "finished", signal });
  await output.result({ purged }, `What was kept of ${counted(purged, "job")} of ${name} is removed.`);
}
