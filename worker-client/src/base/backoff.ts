const FIRST_MS = 50;
const LONGEST_MS = 2_000;

/**
 * How long to wait before the next try: doubling, capped, and half of it by chance, so that many clients that lost
 * the same server do not come back at the same moment.
 *
 * @param failures how many tries have failed, from 1
 * @param chance from 0 up to, not including, 1
 */
export function backoffMs(failures: number, chance: number): number {
  const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1));
  return longest / 2 + (longest / 2) * chance;
}
