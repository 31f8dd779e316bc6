/** A board with queens in its first rows, each by its column: a part of the problem. */
export interface Position {
  /** How many rows and columns the board has, and how many queens are to be on it. */
  size: number;
  columns: readonly number[];
}

/** The boards with a queen more, in the next row, where none can take another. */
function nextOf({ size, columns }: Position): Position[] {
  const row = columns.length;
  const next: Position[] = [];
  for (let column = 0; column < size; column += 1) {
    const isTaken = columns.some((other, at) => other === column || Math.abs(other - column) === row - at);
    if (!isTaken) next.push({ size, columns: [...columns, column] });
  }
  return next;
}

/** In how many ways the rest of a board can be filled, so that no queen can take another. */
export function countSolutions(position: Position): number {
  if (position.columns.length === position.size) return 1;
  return nextOf(position).reduce((sum, next) => sum + countSolutions(next), 0);
}

/** All boards with queens in the first `rows` rows of which none can take another: the parts of the problem. */
export function positionsOf(size: number, rows: number): Position[] {
  let positions: Position[] = [{ size, columns: [] }];
  for (let row = 0; row < rows; row += 1) positions = positions.flatMap(nextOf);
  return positions;
}
