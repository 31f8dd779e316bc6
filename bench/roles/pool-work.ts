import type { PoolTask } from "../contender.ts";

/** What the tasks of pools compute, the same in each contender. */
export const POOL_WORK: Readonly<Record<PoolTask, (input: number) => number>> = { square, queens };

function square(input: number): number {
  return input * input;
}

/** How many ways there are to place n queens, of which the first two rows are given. The input is `boardOf`'s. */
function queens(board: number): number {
  const n = Math.floor(board / 10_000);
  const columns = [Math.floor(board / 100) % 100, board % 100];
  return isFree(columns, 1) ? ways(n, columns, columns.length) : 0;
}

/** A board with queens in the first two rows, as a number. */
function boardOf(n: number, first: number, second: number): number {
  return (n * 100 + first) * 100 + second;
}

/** All boards of a size with queens in the first two rows. */
export function boards(n: number): number[] {
  const columns = Array.from({ length: n }, (_, column) => column);
  return columns.flatMap((first) => columns.map((second) => boardOf(n, first, second)));
}

/** As textbooks have it: no tricks with bits, which would leave next to no work. */
function ways(n: number, columns: number[], row: number): number {
  if (row === n) return 1;
  let count = 0;
  for (let column = 0; column < n; column += 1) {
    columns[row] = column;
    if (isFree(columns, row)) count += ways(n, columns, row + 1);
  }
  return count;
}

/** Whether no queen of an earlier row attacks the one of this row. */
function isFree(columns: readonly number[], row: number): boolean {
  const column = columns[row] ?? 0;
  for (let above = 0; above < row; above += 1) {
    const other = columns[above] ?? 0;
    if (other === column || Math.abs(other - column) === row - above) return false;
  }
  return true;
}
