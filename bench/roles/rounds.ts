import type { Collector } from "./collector.ts";
import type { Figures, Stage } from "./role.ts";

const FIRST_ROUND = 2_000;

/**
 * Warms up in rounds of about a second each, for compilers take some seconds. What it answers with measures one more.
 *
 * @param doRange does the tasks from the first number up to but not including the second; kept when their results are here
 */
export async function rounds(
  size: Stage["size"],
  collector: Collector,
  doRange: (from: number, to: number) => Promise<unknown>,
): Promise<() => Promise<Figures>> {
  let done = 0;
  /** Answers with how many seconds it took. */
  const round = async (count: number) => {
    const beganAt = performance.now();
    await doRange(done, done + count);
    done += count;
    return (performance.now() - beganAt) / 1_000;
  };

  const warmAt = performance.now() + size("warmUpSeconds") * 1_000;
  let perSecond = FIRST_ROUND;
  while (performance.now() < warmAt) {
    const count = Math.ceil(perSecond);
    perSecond = count / (await round(count));
  }
  return async () => {
    const count = Math.ceil(perSecond * size("seconds"));
    const seconds = await round(count);
    return { perSecond: count / seconds, seconds, tasks: count, duplicates: collector.duplicates, messages: done };
  };
}
