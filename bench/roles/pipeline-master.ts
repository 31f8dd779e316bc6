import { putInBatches } from "./batches.ts";
import { Collector, isAnswer } from "./collector.ts";
import type { Role } from "./role.ts";
import { tasks } from "./task.ts";

/** Puts the tasks and collects the results at the same time, until it has one of each. */
export const role: Role = async ({ connect, size }) => {
  const [count, warmUp] = [size("tasks"), size("warmUp")];
  const connection = await connect();
  const collector = new Collector(isAnswer);
  await connection.consume("results", async (body) => collector.take(body));

  const round = async (from: number, to: number) => {
    await Promise.all([putInBatches(connection, "tasks", tasks(from, to)), collector.until(to)]);
  };
  await round(0, warmUp);
  return async () => {
    const beganAt = performance.now();
    await round(warmUp, warmUp + count);
    const seconds = (performance.now() - beganAt) / 1_000;
    const { duplicates } = collector;
    return { perSecond: count / seconds, seconds, duplicates, messages: warmUp + count };
  };
};
