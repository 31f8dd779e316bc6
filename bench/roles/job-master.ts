import { BATCH, IN_FLIGHT } from "./batches.ts";
import { Collector, isAnswer } from "./collector.ts";
import type { Role } from "./role.ts";
import { rounds } from "./rounds.ts";
import { tasks } from "./task.ts";

/** Submits jobs in batches, several under way at a time, and awaits the result of each meanwhile. */
export const role: Role = async ({ connect, size }) => {
  const connection = await connect();
  const collector = new Collector(isAnswer);

  const submitAll = async (inputs: readonly string[]) => {
    const results: Promise<void>[] = [];
    let next = 0;
    const submitter = async () => {
      while (next < inputs.length) {
        const batch = inputs.slice(next, next + BATCH);
        next += BATCH;
        const jobs = (await connection.submitAll?.(batch)) ?? [];
        for (const job of jobs) results.push(job.result().then((result) => collector.take(result)));
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, submitter));
    await Promise.all(results);
  };
  return rounds(size, collector, (from, to) => Promise.all([submitAll(tasks(from, to)), collector.until(to)]));
};
