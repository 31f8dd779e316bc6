import type { PumpClock } from "./settlements.ts";

/**
 * What a promise comes to within so many milliseconds.
 *
 * @throws {Error} a `TimeoutError` with this message if it takes longer; else what the promise rejects with
 */
export async function inTime<Value>(
  clock: Pick<PumpClock, "after">,
  promise: Promise<Value>,
  ms: number,
  message: string,
): Promise<Value> {
  let cancel: () => void = () => undefined;
  const over = new Promise<never>((_, reject) => {
    cancel = clock.after(ms, () => reject(Object.assign(new Error(message), { name: "TimeoutError" })));
  });
  try {
    return await Promise.race([promise, over]);
  } finally {
    cancel();
  }
}
