import { ProblemError } from "../requests/problem.ts";

/** Calls an object. Where the call fails, nobody knows whether the command was applied, and the answer says so. */
export async function reach<Value>(call: () => Promise<Value>): Promise<Value> {
  try {
    return await call();
  } catch (error) {
    console.error(error);
    const isOverloaded = error instanceof Error && "overloaded" in error && error.overloaded === true;
    const detail = "It is not known whether this was applied. Try again, a put under the same Idempotency-Key.";
    throw new ProblemError(isOverloaded ? "overloaded" : "unavailable", detail);
  }
}
