import type { Figures } from "../roles/role.ts";
import { size } from "../support/sizes.ts";
import type { Scenario } from "./scenario.ts";

const SECONDS = size("SECONDS", 5);
const WORKERS = size("WORKERS", 2);

/** What a task queue is for: a master, workers and a server, each a process, and every result checked. */
export const pipeline: Scenario = {
  name: "pipeline",
  title: `Pipeline: tasks through ${WORKERS} workers and back`,
  shown: [{ figure: "perSecond", title: "tasks/s", isRate: true }],
  async run({ play }) {
    const workers = await Promise.all(Array.from({ length: WORKERS }, () => play("pipeline-worker", {})));
    const master = await play("pipeline-master", { seconds: SECONDS, warmUpSeconds: 5 });
    const figures = await master.go();
    const work = await Promise.all(workers.map((worker) => worker.go()));
    return sum([figures, ...work]);
  },
};

/** Adds the figures of all processes; a figure that only one of them has stays as it was. */
function sum(all: readonly Figures[]): Figures {
  const total: Figures = {};
  for (const [name, value] of all.flatMap(Object.entries<number>)) total[name] = (total[name] ?? 0) + value;
  return total;
}
