/** What becomes of a chunk whose job has another result than that of a chunk, or was settled by its handler. */
import { describe, expect, test } from "vitest";
import { JobFailed } from "../../../worker-client/src/index.ts";
import { defineTasks, task } from "../../../worker-client/src/tasks/index.ts";
import { numbersOf } from "../../support/pools/numbers.ts";
import { errorOf, HERE, inMemory } from "../../support/pools/pools.ts";

/** A map of three inputs in one chunk whose job has this result. */
async function mapWith(result: unknown): Promise<unknown[]> {
  const manager = inMemory();
  manager.queue("foreign").work(async (message) => {
    await message.ack({ result });
  });
  return manager.pool(numbersOf("foreign"), "square", { processes: 0 }).map([1, 2, 3], { chunkSize: 3 });
}

describe("the result of a job that is none of a chunk", () => {
  const results = [null, null, null];
  const error = { name: "RangeError", message: "2 is even." };

  test.each([
    null,
    7,
    [[1, 4, 9]],
    {},
    { results: { length: 3 } },
    { results: [1, 4] },
    { results: [1, 4, 9, 16] },
    { results: [], next: 0 },
    { results: [1, 4, 9], next: 3 },
    { results: [1, 4, 9, 16], next: 4 },
    { results: [1], next: "1" },
    { results: [1], next: 1.5 },
    { results, errors: null },
    { results, errors: "text" },
    { results, errors: { 1: null } },
    { results, errors: { 1: "text" } },
    { results, errors: { 1: { name: 5, message: "text" } } },
    { results, errors: { 1: { name: "Error" } } },
    { results, errors: { 1: { ...error, stack: 5 } } },
    { results, errors: { 3: error } },
    { results, errors: { "-1": error } },
    { results, errors: { x: error } },
  ])("is an error that says so: %j", async (result) => {
    const { message } = await errorOf(mapWith(result));

    expect(message).toMatch(
      /^The job \S+ \(square\) of foreign has a result that is not that of a chunk of inputs: its worker is of an older version, or a handler acked the message itself\. Update the worker, and let handlers return their results\.$/,
    );
  });

  test("is not what a worker says of errors", async () => {
    await expect(mapWith({ results: [1, null, 9], errors: { 1: error } })).rejects.toThrow(JobFailed);
    await expect(mapWith({ results: [1, null, 9], errors: { 1: { ...error, stack: "at 1" } } })).rejects.toThrow(
      "RangeError: 2 is even.",
    );
  });
});

test.each(["ack", "retry", "reject"] as const)(
  "no further input of a chunk is begun when a handler has settled the message: %s",
  async (settle) => {
    const begun: string[] = [];
    const tasks = defineTasks("settling", {
      note: task({
        run: async (n: number, { attempt, message }) => {
          begun.push(`${attempt}: ${n}`);
          if (n === 2 && attempt === 1) await message[settle]();
          return n;
        },
        maxAttempts: 2,
        retryDelaySeconds: 0,
      }),
    });
    const pool = inMemory().pool(tasks, "note", { ...HERE, onError: () => undefined });

    const values = await pool.map([1, 2, 3], { chunkSize: 3 }).catch(() => "failed");

    const again = settle === "retry" ? ["2: 1", "2: 2", "2: 3"] : [];
    expect(begun.slice(0, 2)).toEqual(["1: 1", "1: 2"]);
    expect(begun.slice(2)).toEqual(again);
    expect(values).toEqual(settle === "retry" ? [1, 2, 3] : "failed");
  },
);
