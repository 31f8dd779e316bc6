import { putInBatches } from "./batches.ts";
import { Collector, isAnswer } from "./collector.ts";
import type { Role } from "./role.ts";
import { rounds } from "./rounds.ts";
import { tasks } from "./task.ts";

/** Puts the tasks and collects the results at the same time, until it has one of each. */
export const role: Role = async ({ connect, size }) => {
  const connection = await connect();
  const collector = new Collector(isAnswer);
  await connection.consume("results", async (body) => collector.take(body));
  return rounds(size, collector, (from, to) =>
    Promise.all([putInBatches(connection, "tasks", tasks(from, to)), collector.until(to)]),
  );
};
