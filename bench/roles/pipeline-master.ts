import { putInBatches } from "./batches.ts";
import { Collector, isAnswer } from "./collector.ts";
import type { Role } from "./role.ts";
import { tasks } from "./task.ts";

const FIRST_ROUND = 2_000;

/** Puts the tasks and collects the results at the same time, until it has one of each. */
export const role: Role = async ({ connect, size }) => {
  const connection = await connect();
  const collector = new Collector(isAnswer);
  await connection.consume("results", async (body) => collector.take(body));

  let put = 0;
  /** Answers with how many seconds it took. */
  const round = async (count: number) => {
    const beganAt = performance.now();
    const end = put + count;
    await Promise.all([putInBatches(connection, "tasks", tasks(put, end)), collector.until(end)]);
    put = end;
    return (performance.now() - beganAt) / 1_000;
  };

  // Rounds of about a second each, until all processes have warmed up: compilers take some seconds.
  const warmAt = performance.now() + size("warmUpSeconds") * 1_000;
  let perSecond = FIRST_ROUND;
  while (performance.now() < warmAt) {
    const count = Math.ceil(perSecond);
    perSecond = count / (await round(count));
  }
  return async () => {
    const count = Math.ceil(perSecond * size("seconds"));
    const seconds = await round(count);
    return { perSecond: count / seconds, seconds, tasks: count, duplicates: collector.duplicates, messages: put };
  };
};
