import type { Contender } from "../contender.ts";
import { OUR_NAMES } from "../contenders.ts";
import type { Figures } from "../roles/role.ts";
import { size } from "../support/sizes.ts";
import { runPipeline } from "./pipeline.ts";
import type { Bench, Scenario } from "./scenario.ts";

const SECONDS = size("SECONDS", 5);
const WORKERS = size("WORKERS", 2);

/** Contenders whose callers can await the result of a job. */
const WITH_RESULTS = [...OUR_NAMES, "bullmq", "bullmq-everysec"];

const isFor = ({ name }: Contender) => WITH_RESULTS.includes(name);

const perSecond = { figure: "perSecond", title: "jobs/s", isRate: true };
const rowsPerJob = { figure: "rowsPerJob", title: "rows/job", isRate: false };
const times = [
  { figure: "p50Ms", title: "p50 ms", isRate: false },
  { figure: "p99Ms", title: "p99 ms", isRate: false },
];

/** Callers that submit a job and await its result, of one process; workers are others. */
async function runCallers({ server, play }: Bench, callers: number): Promise<Figures> {
  await Promise.all(Array.from({ length: WORKERS }, () => play("job-worker", {})));
  const before = (await server.rowsWritten?.()) ?? Number.NaN;
  // The warm-up counts among these: its jobs are as many callers' too.
  const caller = await play("job-callers", { callers, seconds: SECONDS, warmUpSeconds: 3 });
  const figures = await caller.go();
  return withRows(figures, ((await server.rowsWritten?.()) ?? Number.NaN) - before, figures.messages);
}

/** The pipeline twice on one server: first with a queue of results, then with typed tasks and their results. */
async function runBoth(bench: Bench): Promise<Figures> {
  const bare = await runPipeline(bench, { master: "pipeline-master", worker: "pipeline-worker" });
  const before = (await bench.server.rowsWritten?.()) ?? Number.NaN;
  const typed = await runPipeline(bench, { master: "job-master", worker: "job-worker" });
  const figures = {
    ...typed,
    barePerSecond: bare.perSecond ?? 0,
    ratio: (typed.perSecond ?? 0) / (bare.perSecond ?? 0),
  };
  const messages = (bare.messages ?? 0) + (typed.messages ?? 0);
  const rows = ((await bench.server.rowsWritten?.()) ?? Number.NaN) - before;
  return { ...withRows(figures, rows, typed.messages), messages };
}

function withRows(figures: Figures, rows: number, jobs = Number.NaN): Figures {
  return Number.isNaN(rows) ? figures : { ...figures, rowsPerJob: rows / jobs };
}

export const jobScenarios: readonly Scenario[] = [
  {
    name: "jobs",
    title: `Jobs: 100 callers of one process, each awaiting the result of its own, ${WORKERS} workers`,
    shown: [perSecond, ...times, rowsPerJob],
    isFor,
    run: (bench) => runCallers(bench, 100),
  },
  {
    name: "lone-jobs",
    title: `Lone jobs: one caller that awaits the result of each job, ${WORKERS} workers`,
    shown: [...times, perSecond, rowsPerJob],
    isFor,
    run: (bench) => runCallers(bench, 1),
  },
  {
    name: "task-pipeline",
    title: `Pipeline with typed tasks and results, beside the one with a queue of results, through ${WORKERS} workers`,
    shown: [
      perSecond,
      { figure: "barePerSecond", title: "bare/s", isRate: true },
      { figure: "ratio", title: "of it", isRate: true },
      rowsPerJob,
    ],
    isFor,
    run: runBoth,
  },
];
