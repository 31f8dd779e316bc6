// What the threads of piscina.ts run.
import type { PoolTask } from "../contender.ts";
import { POOL_WORK } from "../roles/pool-work.ts";

export const { square, queens } = POOL_WORK;

/** One task for each of some inputs. */
export function all({ task, inputs }: { task: PoolTask; inputs: readonly number[] }): number[] {
  return inputs.map((input) => POOL_WORK[task](input));
}
