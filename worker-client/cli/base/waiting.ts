import { setTimeout as sleep } from "node:timers/promises";

/** Waits for `seconds`; false as soon as the signal is aborted. */
export async function waited(seconds: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(seconds * 1_000, undefined, { signal });
    return true;
  } catch {
    return false;
  }
}
