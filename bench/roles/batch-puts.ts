import { putInBatches } from "./batches.ts";
import { Collector, isTask } from "./collector.ts";
import type { Role } from "./role.ts";
import { tasks } from "./task.ts";

const FIRST_ROUND = 2_000;

/** Fills a queue in batches, then drains it. */
export const role: Role = async ({ connect, size }) => {
  const connection = await connect();
  let put = 0;
  /** Answers with how many were put each second. */
  const fill = async (count: number) => {
    const bodies = tasks(put, put + count);
    const beganAt = performance.now();
    await putInBatches(connection, "tasks", bodies);
    put += count;
    return count / ((performance.now() - beganAt) / 1_000);
  };
  const warmAt = performance.now() + size("warmUpSeconds") * 1_000;
  let perSecond = await fill(FIRST_ROUND);
  while (performance.now() < warmAt) perSecond = await fill(Math.ceil(perSecond / 2));

  return async () => {
    const putsPerSecond = await fill(Math.ceil(perSecond * size("seconds")));
    const beganAt = performance.now();
    const collector = new Collector(isTask);
    const drained = collector.until(put);
    await connection.consume("tasks", async (body) => collector.take(body));
    await drained;
    // The acks of the last hundreds are still on their way; they would change the figure by less than a percent.
    const receivesPerSecond = put / ((performance.now() - beganAt) / 1_000);
    return { putsPerSecond, receivesPerSecond, duplicates: collector.duplicates, messages: put };
  };
};
