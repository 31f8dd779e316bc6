import { ProblemError } from "../api/problem-error.ts";
import type { Env } from "../env.ts";
import { failedCommits } from "../isolate.ts";
import { HostStatus, isFullError } from "../object/storage-bound.ts";

/**
 * Calls a queue's object, or the directory. Where there was no room for a write, the platform has undone it. Where the
 * call fails otherwise, nobody knows whether the command was applied, and the answer says so.
 *
 * @param queue the name of the queue that the call is for; undefined for one that is for none
 */
export async function callObject<Value>(
  env: Env,
  queue: string | undefined,
  call: () => Promise<Value>,
): Promise<Value> {
  try {
    return await call();
  } catch (error) {
    if (await isForWantOfRoom(env, error)) {
      if (queue !== undefined) failedCommits.noteFull(queue, Date.now());
      throw new ProblemError("storage_full", "The disk, or what the plan gives a queue, is full: nothing was stored.");
    }
    console.error(error);
    const detail = "It is not known whether this was applied. Try again, a put under the same Idempotency-Key.";
    throw new ProblemError("unavailable", detail);
  }
}

async function isForWantOfRoom(env: Env, error: unknown): Promise<boolean> {
  if (isFullError(error)) return true;
  // An object for which there is no room cannot even begin, and the platform does not say why.
  const isUntold = error instanceof Error && error.message.startsWith("internal error");
  if (!isUntold) return false;
  if (failedCommits.isAnyFull(Date.now())) return true;
  const host = new HostStatus(env);
  await host.ask();
  return host.isNearlyFull;
}
