import type { Figures } from "../roles/role.ts";
import { size } from "../support/sizes.ts";
import type { Bench, Scenario } from "./scenario.ts";

const SECONDS = size("SECONDS", 5);
const WORKERS = size("WORKERS", 2);

/** The roles of a pipeline. */
interface PipelineRoles {
  master: string;
  worker: string;
}

/** What a task queue is for: a master, workers and a server, each a process, and every result checked. */
export const pipeline: Scenario = {
  name: "pipeline",
  title: `Pipeline: tasks through ${WORKERS} workers and back`,
  shown: [{ figure: "perSecond", title: "tasks/s", isRate: true }],
  run: (bench) => runPipeline(bench, { master: "pipeline-master", worker: "pipeline-worker" }),
};

/** Starts the processes, measures, and ends them. */
export async function runPipeline({ play }: Bench, roles: PipelineRoles): Promise<Figures> {
  const workers = await Promise.all(Array.from({ length: WORKERS }, () => play(roles.worker, {})));
  const master = await play(roles.master, { seconds: SECONDS, warmUpSeconds: 5 });
  const figures = await master.go();
  const work = await Promise.all(workers.map((worker) => worker.go()));
  for (const player of [master, ...workers]) player.leave();
  return sum([figures, ...work]);
}

/** Adds the figures of all processes; a figure that only one of them has stays as it was. */
function sum(all: readonly Figures[]): Figures {
  const total: Figures = {};
  for (const [name, value] of all.flatMap(Object.entries<number>)) total[name] = (total[name] ?? 0) + value;
  return total;
}
