/** Names that were mistyped. */

/** The most changes of characters by which a name is a mistyped one: a third of it, and at least one. */
function changesMax(name: string): number {
  return Math.max(1, Math.floor(name.length / 3));
}

/** The name that was probably meant; undefined if none is like it. */
export function similarName(name: string, names: readonly string[]): string | undefined {
  const wanted = name.toLowerCase();
  let best: { name: string; changes: number } | undefined;
  for (const each of names) {
    const changes = changesBetween(wanted, each.toLowerCase());
    if (changes <= changesMax(name) && (best === undefined || changes < best.changes)) best = { name: each, changes };
  }
  return best?.name;
}

/** How many characters must be added, removed, replaced or swapped with their neighbour to make one of the other. */
function changesBetween(one: string, other: string): number {
  let before: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let row = 1; row <= one.length; row += 1) {
    const next = [row];
    for (let column = 1; column <= other.length; column += 1) {
      const isSame = one[row - 1] === other[column - 1];
      let changes = Math.min(
        (last[column] ?? 0) + 1,
        (next[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (isSame ? 0 : 1),
      );
      const isSwapped = row > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      if (isSwapped) changes = Math.min(changes, (before[column - 2] ?? 0) + 1);
      next.push(changes);
    }
    before = last;
    last = next;
  }
  return last[other.length] ?? 0;
}
