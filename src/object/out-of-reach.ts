import { isFullError } from "./storage-bound.ts";

/** Another object, which is needed to apply a command, could not be reached, or failed. */
class OutOfReach extends Error {}

/** Whether an error was marked by `reaching`. */
export function isOutOfReach(error: unknown): boolean {
  return error instanceof OutOfReach;
}

/** Marks the errors of a call of another object, except those of a full disk. */
export async function reaching<Value>(call: Promise<Value>): Promise<Value> {
  try {
    return await call;
  } catch (error) {
    if (isFullError(error)) throw error;
    throw new OutOfReach("Another object could not be reached, or failed.", { cause: error });
  }
}
