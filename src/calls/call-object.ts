import { ProblemError } from "../api/check/problem-error.ts";
import type { ServerEnv } from "../env.ts";
import { refusalOfNewerDirectory } from "../object/newer-data.ts";
import { isOfAnotherVersion } from "../object/out-of-reach.ts";
import { HostStatus, isFullError, STORAGE_FULL } from "../object/storage-bound.ts";

/**
 * Calls a queue's object, or the directory. If there was no room for a write, the platform has undone it. After any other
 * failure it is not known whether the command was applied.
 *
 * @param queue the name of the queue that is called; undefined for the directory
 * @throws {ProblemError} `storage_full`, `version_mismatch`, `newer_data` or `unavailable`
 */
export async function callObject<Value>(
  env: ServerEnv,
  queue: string | undefined,
  call: () => Promise<Value>,
): Promise<Value> {
  try {
    return await call();
  } catch (error) {
    if (await isStorageFull(env, error)) {
      if (queue !== undefined) env.server.isolate.failedCommits.noteFull(queue, Date.now());
      throw new ProblemError("storage_full", STORAGE_FULL);
    }
    if (isOfAnotherVersion(error)) throw new ProblemError("version_mismatch", OTHER_VERSION);
    const newer = refusalOfNewerDirectory(error);
    if (newer !== undefined) throw new ProblemError(newer.code, newer.detail);
    const source = queue === undefined ? "directory" : "queue";
    const message = "a call of the object failed.";
    env.server.log({ level: "error", source, queue, code: "unavailable", message, error });
    const detail = "It is not known whether this was applied. Try again, a put under the same Idempotency-Key.";
    const problem = new ProblemError("unavailable", detail);
    if (isOverloaded(error)) problem.retryAfterSeconds = OVERLOADED_SECONDS;
    throw problem;
  }
}

/** How long a caller waits before it asks an object again for which too many requests wait already, in seconds. */
const OVERLOADED_SECONDS = 2;

/** Whether the platform asks its callers to leave the object alone for a while. */
function isOverloaded(error: unknown): boolean {
  return error instanceof Error && "overloaded" in error && error.overloaded === true;
}

const OTHER_VERSION =
  "A deployment is under way: the queue's object runs another version of the server, which does not take this call. This was not applied; try again in a moment.";

async function isStorageFull(env: ServerEnv, error: unknown): Promise<boolean> {
  if (isFullError(error)) return true;
  // An object for which there is no room cannot start, and the platform does not report why.
  const isUnexplained = error instanceof Error && error.message.startsWith("internal error");
  if (!isUnexplained) return false;
  if (env.server.isolate.failedCommits.isAnyFull(Date.now())) return true;
  const host = new HostStatus(env);
  await host.ask();
  return host.isNearlyFull;
}
