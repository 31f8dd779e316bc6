import type { Refusal } from "../queue/base/commands.ts";
import { refusalOfNewerDirectory } from "./newer-data.ts";
import { isFullError } from "./storage-bound.ts";

/** Another object, which is needed to apply a command, could not be reached, or failed. */
class OutOfReach extends Error {}

/** Marks the errors of a call of another object, except those of a full disk. */
export async function reaching<Value>(call: Promise<Value>): Promise<Value> {
  try {
    return await call;
  } catch (error) {
    if (isFullError(error)) throw error;
    throw new OutOfReach("Another object could not be reached, or failed.", { cause: error });
  }
}

/** Whether an object was called that does not have the call: of a version before it, or after it. */
export function isOfAnotherVersion(error: unknown): boolean {
  return error instanceof TypeError && error.message.startsWith("The RPC receiver does not implement");
}

const FAILED = {
  internal: "The server failed on this call, which was not applied. The server's log has the error.",
  unavailable:
    "The directory of all queues could not be reached, or failed. This was not applied. The server's log has the error.",
};

/** The refusal of a single command whose commit failed with this error, and was undone. */
export function refusalOfFailed(error: unknown): Refusal {
  const newer = refusalOfNewerDirectory(error);
  if (newer !== undefined) return newer;
  const code = error instanceof OutOfReach ? "unavailable" : "internal";
  return { verb: "refused", code, detail: FAILED[code] };
}
