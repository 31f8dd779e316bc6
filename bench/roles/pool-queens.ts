import { median } from "../support/statistics.ts";
import { boards } from "./pool-work.ts";
import type { Role } from "./role.ts";

/** How many ways there are to place so many queens. */
const SOLUTIONS: Readonly<Record<number, number>> = { 8: 92, 9: 352, 10: 724, 11: 2_680, 12: 14_200, 13: 73_712 };

/** Counts the ways to place n queens by a map over the boards with the first two rows, again and again. */
export const role: Role = async ({ connect, size }) => {
  const connection = await connect();
  const pool = await connection.pool?.({ task: "queens", processes: size("processes"), by: "chunk" });
  if (pool === undefined) throw new Error("This contender has no pool.");
  const inputs = boards(size("queens"));

  /** Answers with the median, in milliseconds. */
  const countFor = async (seconds: number) => {
    const tookMs: number[] = [];
    const endsAt = performance.now() + seconds * 1_000;
    do {
      const beganAt = performance.now();
      const results = await pool.map(inputs);
      tookMs.push(performance.now() - beganAt);
      const count = results.reduce((sum, each) => sum + each, 0);
      if (count !== SOLUTIONS[size("queens")]) throw new Error(`There are not ${count} ways.`);
    } while (performance.now() < endsAt);
    return median(tookMs);
  };
  await countFor(size("warmUpSeconds"));
  return async () => ({ ms: await countFor(size("seconds")) });
};
