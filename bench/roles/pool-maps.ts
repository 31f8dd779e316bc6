import type { BenchPool } from "../contender.ts";
import { median } from "../support/statistics.ts";
import { POOL_WORK } from "./pool-work.ts";
import type { Role } from "./role.ts";

/** How many inputs the first maps have that give out each alone; nothing of them is measured. */
const WARM_UP_ITEMS = 10_000;

/** Squares of all numbers below `items`: in chunks, where the contender has such, and each alone. */
export const role: Role = async ({ connect, size }) => {
  const connection = await connect();
  const inputs = Array.from({ length: size("items") }, (_, index) => index);
  const [warmUpSeconds, seconds] = [size("warmUpSeconds"), size("seconds")];
  const common = { task: "square", processes: size("processes") } as const;

  const chunked = await connection.pool?.({ ...common, by: "chunk" });
  if (chunked !== undefined) await mapFor(chunked, inputs, warmUpSeconds);
  const single = await connection.pool?.({ ...common, by: "item" });
  if (single === undefined) throw new Error("This contender has no pool.");
  await mapFor(single, inputs.slice(0, WARM_UP_ITEMS), warmUpSeconds);
  return async () => {
    const perSecond = chunked && (await mapFor(chunked, inputs, seconds));
    const onesPerSecond = await mapFor(single, inputs, seconds);
    return { ...(perSecond === undefined ? {} : { perSecond }), onesPerSecond };
  };
};

/** Maps the same inputs again and again for so many seconds, at least once. Answers with the median, in items a second. */
async function mapFor(pool: BenchPool, inputs: readonly number[], seconds: number): Promise<number> {
  const rates: number[] = [];
  const endsAt = performance.now() + seconds * 1_000;
  do {
    const beganAt = performance.now();
    const results = await pool.map(inputs);
    rates.push(inputs.length / ((performance.now() - beganAt) / 1_000));
    check(inputs, results);
  } while (performance.now() < endsAt);
  return median(rates);
}

/** Throws if a result is not at its place. */
function check(inputs: readonly number[], results: readonly number[]): void {
  if (results.length !== inputs.length)
    throw new Error(`A map of ${inputs.length} items has ${results.length} results.`);
  for (const [index, input] of inputs.entries()) {
    if (results[index] !== POOL_WORK.square(input))
      throw new Error(`The result ${index} is not what it should be: ${results[index]}`);
  }
}
