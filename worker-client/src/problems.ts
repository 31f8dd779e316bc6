import type { Problem } from "../../src/contract/problems.ts";
import { errorOf, type QueueError } from "./errors.ts";

/** The error in an answer; undefined for what does not come from a durable-queue server, as the error page of a proxy. */
export function problemErrorOf(text: string): QueueError | undefined {
  try {
    const value = JSON.parse(text) as Partial<Problem> | null;
    const isProblem = typeof value?.code === "string" && typeof value.detail === "string";
    return isProblem ? errorOf(value as Problem) : undefined;
  } catch {
    return undefined;
  }
}
