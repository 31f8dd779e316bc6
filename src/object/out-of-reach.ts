import { isFullError } from "./storage-bound.ts";

/** Something else than the queue's own rows could not be reached, or failed, without which a command is not applied. */
class OutOfReach extends Error {}

export function isOutOfReach(error: unknown): boolean {
  return error instanceof OutOfReach;
}

/** Marks what a call of another object throws. A full disk stays one. */
export async function reaching<Value>(call: Promise<Value>): Promise<Value> {
  try {
    return await call;
  } catch (error) {
    if (isFullError(error)) throw error;
    throw new OutOfReach("Another object could not be reached, or failed.", { cause: error });
  }
}
