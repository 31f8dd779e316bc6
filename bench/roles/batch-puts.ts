import { putInBatches } from "./batches.ts";
import { Collector, isTask } from "./collector.ts";
import type { Role } from "./role.ts";
import { tasks } from "./task.ts";

/** Fills a queue in batches, then drains it. */
export const role: Role = async ({ connect, size }) => {
  const [count, warmUp] = [size("messages"), size("warmUp")];
  const connection = await connect();
  const bodies = tasks(0, warmUp + count);
  await putInBatches(connection, "tasks", bodies.slice(0, warmUp));
  return async () => {
    const putBeganAt = performance.now();
    await putInBatches(connection, "tasks", bodies.slice(warmUp));
    const drainBeganAt = performance.now();
    const collector = new Collector(isTask);
    const drained = collector.until(bodies.length);
    await connection.consume("tasks", async (body) => collector.take(body));
    await drained;
    // The acks of the last hundred are still on their way; they would change the figure by less than a percent.
    const endedAt = performance.now();
    return {
      putsPerSecond: count / ((drainBeganAt - putBeganAt) / 1_000),
      receivesPerSecond: bodies.length / ((endedAt - drainBeganAt) / 1_000),
      duplicates: collector.duplicates,
      messages: bodies.length,
    };
  };
};
