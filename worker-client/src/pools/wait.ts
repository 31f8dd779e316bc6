import { checkOptions, type Known, shown } from "../base/check-options.ts";
import { Timeout } from "../base/job-errors.ts";
import { type Endable, isEndable } from "../jobs/endable.ts";
import { checkTimeout, type TimeoutOptions, waitEnd } from "./wait-end.ts";

/** The options of `wait`. */
export interface WaitForOptions extends TimeoutOptions {
  /**
   * `ALL_COMPLETED`: waits until all have ended. `FIRST_COMPLETED`: until one has. `FIRST_EXCEPTION`: until one has failed, or
   * all have ended; one that was cancelled has not failed. Default `ALL_COMPLETED`.
   */
  returnWhen?: "ALL_COMPLETED" | "FIRST_COMPLETED" | "FIRST_EXCEPTION" | undefined;
}

const OPTIONS: Known<WaitForOptions> = { timeoutSeconds: true, returnWhen: true };

const MOMENTS: readonly unknown[] = ["ALL_COMPLETED", "FIRST_COMPLETED", "FIRST_EXCEPTION"];

/**
 * Waits for futures, or jobs, and says which have ended: as Python's `concurrent.futures.wait`. Does not throw when the time is
 * over, nor for one that has failed.
 *
 * @example
 * const { done, notDone } = await wait(futures, { returnWhen: "FIRST_COMPLETED" });
 */
export async function wait<Each extends Endable>(
  futures: Iterable<Each>,
  options: WaitForOptions = {},
): Promise<{ done: Set<Each>; notDone: Set<Each> }> {
  checkOptions("wait()", options, OPTIONS);
  checkTimeout("wait()", options, OPTIONS);
  const { returnWhen = "ALL_COMPLETED" } = options;
  if (!MOMENTS.includes(returnWhen)) {
    throw new TypeError(
      `returnWhen must be ${MOMENTS.map((name) => `"${name}"`).join(", ")}, not ${shown(returnWhen)}.`,
    );
  }
  const notDone = new Set(futures);
  const wrong = [...notDone].find((each) => !isEndable(each));
  if (wrong !== undefined) throw new TypeError(`wait() takes futures or jobs, not ${shown(wrong)}.`);
  const done = new Set<Each>();
  const late = new Timeout("");
  let leaves: (() => void)[] = [];
  const ended = waitEnd(
    (over) => {
      leaves = [...notDone].map((each) =>
        each.whenEnded((hasFailed) => {
          notDone.delete(each);
          done.add(each);
          const isEnough = returnWhen === "FIRST_COMPLETED" || (returnWhen === "FIRST_EXCEPTION" && hasFailed);
          if (isEnough || notDone.size === 0) over();
        }),
      );
      if (notDone.size === 0) over();
      return () => undefined;
    },
    options,
    () => late,
  );
  await ended.catch(() => undefined);
  for (const leave of leaves) leave();
  return { done, notDone };
}
