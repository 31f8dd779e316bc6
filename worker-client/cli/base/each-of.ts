import type { Context } from "./context.ts";

/** What became of one: its JSON, and the sentence for people. */
type Result = [value: unknown, sentence: string];

/**
 * Changes each of some things, and prints the results then: a reader that ends first must not leave them as they were.
 *
 * @param change its result; undefined where there is nothing to print
 */
export async function eachOf(
  { output, signal }: Context,
  ids: readonly string[],
  change: (id: string, signal: AbortSignal) => Promise<Result | undefined>,
): Promise<void> {
  const results: Result[] = [];
  try {
    for (const id of ids) {
      const result = await change(id, signal);
      if (result !== undefined) results.push(result);
    }
  } finally {
    for (const result of results) await output.result(...result);
  }
}
