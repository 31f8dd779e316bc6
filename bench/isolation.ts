// `npm run bench:isolation`: what it costs to run handlers in threads or child processes. The queue is in the memory of this
// process, so that no server and no disk is in the figures: what is left is the client, and the way to the handler and back.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { MemoryManager } from "../worker-client/memory/index.ts";
import { defineTasks, task } from "../worker-client/src/tasks/index.ts";
import { size } from "./support/sizes.ts";
import { median } from "./support/statistics.ts";

const JOBS = size("JOBS", 20_000);
const RUNS = size("RUNS", 5);
const CONCURRENCY = 16;
/** How many threads or processes. */
const RUNNERS = [1, 2, 4];

export const tasks = defineTasks(
  "bench",
  { increment: task({ run: (value: number) => value + 1 }) },
  { module: import.meta.url },
);

type Isolation = "event-loop" | "threads" | "processes";

/** The memory of processes that is not shared with others, in MiB. */
function privateMiBOf(pids: readonly number[]): number {
  const kibibytes = pids.map((pid) => {
    const lines = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8").match(/^Private_\w+:\s+\d+/gm) ?? [];
    return lines.reduce((sum, line) => sum + Number(line.replace(/\D+/g, "")), 0);
  });
  return kibibytes.reduce((sum, each) => sum + each, 0) / 1_024;
}

/** The processes that this one has started. */
function children(): number[] {
  const all = execFileSync("ps", ["-o", "pid=,comm=", "--ppid", String(process.pid)], { encoding: "utf8" });
  return all
    .split("\n")
    .filter((line) => line.trim() !== "" && !/\bps$/.test(line))
    .map((line) => Number.parseInt(line, 10));
}

interface Figures {
  /** From `work()` to the first result. */
  startMs: number;
  jobsPerSecond: number;
  /** Of this process and those that it has started. */
  memoryMiB: number;
}

async function measure(isolation: Isolation, processes: number | undefined): Promise<Figures> {
  await using manager = new MemoryManager();
  const client = manager.tasks(tasks).increment;
  const beganAt = performance.now();
  const worker = manager.work(tasks, { isolation, processes, concurrency: CONCURRENCY });
  await (await client.submit(0)).result();
  const startMs = performance.now() - beganAt;
  const jobs = async (count: number) => {
    const inputs = Array.from({ length: count }, (_, index) => index);
    await Promise.all((await client.submitMany(inputs)).map((job) => job.result()));
  };
  await jobs(JOBS / 4);
  const startedAt = performance.now();
  await jobs(JOBS);
  const jobsPerSecond = JOBS / ((performance.now() - startedAt) / 1_000);
  const memoryMiB = privateMiBOf([process.pid, ...children()]);
  await worker.close();
  return { startMs, jobsPerSecond, memoryMiB };
}

/** Each in a process of its own: what one has left behind is not in the figures of the next. */
function measured(isolation: Isolation, processes: number | undefined): Figures {
  const args = [...process.execArgv, import.meta.filename, isolation, String(processes ?? "")];
  const all = Array.from({ length: RUNS }, () => {
    return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" })) as Figures;
  });
  const of = (figure: keyof Figures) => median(all.map((each) => each[figure]));
  return { startMs: of("startMs"), jobsPerSecond: of("jobsPerSecond"), memoryMiB: of("memoryMiB") };
}

if (import.meta.main) {
  const [isolation, processes] = process.argv.slice(2);
  if (isolation !== undefined) {
    const figures = await measure(isolation as Isolation, processes ? Number(processes) : undefined);
    console.log(JSON.stringify(figures));
  } else {
    console.log(
      `${availableParallelism()} processors, medians of ${RUNS} runs, ${CONCURRENCY} jobs at a time in each\n`,
    );
    const cases: [Isolation, number | undefined][] = [["event-loop", undefined]];
    for (const kind of ["threads", "processes"] as const) for (const count of RUNNERS) cases.push([kind, count]);
    for (const [kind, count] of cases) {
      const { startMs, jobsPerSecond, memoryMiB } = measured(kind, count);
      const name = `${kind}${count === undefined ? "" : ` ${count}`}`.padEnd(14);
      const figures = [`${startMs.toFixed(0)} ms to the first result`, `${jobsPerSecond.toFixed(0)} jobs/s`];
      console.log(`${name} ${figures.join(", ")}, ${memoryMiB.toFixed(0)} MiB`);
    }
  }
}
