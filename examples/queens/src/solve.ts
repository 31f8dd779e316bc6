import type { Pool } from "durable-queue";
import { type Position, positionsOf } from "./board.ts";

/** In how many first rows the parts have a queen: a board of 12 has 110 parts, which take some milliseconds each. */
const ROWS = 2;

/**
 * Counts the solutions of the N queens problem.
 *
 * @param counted called with each part that is counted
 */
export async function solve(
  pool: Pool<Position, number>,
  size: number,
  counted: (solutions: number) => void = () => undefined,
): Promise<number> {
  let sum = 0;
  for await (const solutions of pool.imapUnordered(positionsOf(size, ROWS))) {
    counted(solutions);
    sum += solutions;
  }
  return sum;
}
