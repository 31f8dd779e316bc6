import { ProblemError } from "../api/check/problem-error.ts";
import { storageBytesFault } from "../contract/storage-bytes.ts";
import type { ServerEnv } from "../env.ts";

/** What is missing or wrong in a Worker, keys apart, so that its queues cannot be used; undefined if nothing is. */
export function faultOfSetup(env: ServerEnv): ProblemError | undefined {
  const fault = env.namespaceFault ?? storageBytesFault(env.STORAGE_BYTES_MAX);
  return fault === undefined ? undefined : new ProblemError("misconfigured", fault);
}
