/** What pools make of inputs and results. */
import { describe, expect, test } from "vitest";
import { TooLarge } from "../../../worker-client/src/index.ts";
import { defineTasks, task } from "../../../worker-client/src/tasks/index.ts";
import { errorOf, HERE, inMemory, squares } from "../../support/pools/pools.ts";

describe("inputs and results", () => {
  test("values travel as those of jobs do", async () => {
    const { manager, tasks } = squares();
    const pool = manager.pool(tasks, "typeOf", HERE);
    const inputs = [undefined, Number.NaN, new Date(0), new Uint8Array(3), "text", { a: 1 }, [1]];

    const types = await pool.map(inputs, { chunkSize: 7 });

    expect(types).toEqual(["object", "object", "string", "3 bytes", "string", "object", "object"]);
    expect(await manager.pool(tasks, "same", HERE).map(inputs.slice(0, 3))).toEqual([
      null,
      null,
      "1970-01-01T00:00:00.000Z",
    ]);
  });

  test.each([1, 10])("what has undefined as its JSON form travels as null: chunks of %s", async (chunkSize) => {
    const { manager, tasks } = squares();
    const inputs = [undefined, { toJSON: () => undefined }, Number.NaN, new Uint8Array(0)];

    const types = await manager.pool(tasks, "typeOf", HERE).map(inputs, { chunkSize });

    expect(types).toEqual(["object", "object", "object", "0 bytes"]);
  });

  test.each([
    [new RangeError("no text."), "no text."],
    ["text", "text."],
    [null, "null was thrown, which is no Error."],
  ])("what an input throws is said at its place: %s", async (thrown, text) => {
    const { pool } = squares();
    const toJSON = () => {
      throw thrown;
    };

    const error = await errorOf(pool.map([1, { toJSON } as never]));

    expect(error.message).toBe(`inputs[1] has no JSON form: ${text}`);
    expect(error.cause).toBe(thrown);
  });

  test("an input that cannot be sent fails at its place, and the others go on", async () => {
    const { manager, tasks } = squares();
    const pool = manager.pool(tasks, "typeOf", HERE);
    const inputs = [1, () => undefined, 5n, "x".repeat(1024 * 1024), new Uint8Array(1024 * 1024 + 1), 2];
    const iterator = pool.imap(inputs, { chunkSize: 6 });

    const outcomes: unknown[] = [];
    for (const _ of inputs)
      outcomes.push(await iterator.next().catch((error: Error) => `${error.name}: ${error.message}`));

    expect(outcomes).toEqual([
      { done: false, value: "number" },
      "TypeError: inputs[1] has no JSON form: it is a function.",
      "TypeError: inputs[2] has no JSON form: Do not know how to serialize a BigInt.",
      "TooLarge: inputs[3] has 1048578 bytes, more than 1048574. Store it elsewhere, and give where it is.",
      "TooLarge: inputs[4] has 1048577 bytes, more than 1048576. Store it elsewhere, and give where it is.",
      { done: false, value: "number" },
    ]);
    await expect(pool.map(inputs)).rejects.toThrow(TypeError);
    await expect(pool.apply("x".repeat(1024 * 1024))).rejects.toThrow(TooLarge);
  });

  test("results that are many bytes together arrive as chunks that go on", async () => {
    const { manager, tasks } = squares();
    const pool = manager.pool(tasks, "same", HERE);
    const texts = Array.from({ length: 40 }, (_, n) => `${n}:${"é".repeat(50_000)}`);

    expect(await pool.map(texts, { chunkSize: 40 })).toEqual(texts);
  });

  test("a result that is none, or is too large, is an error at its place", async () => {
    const tasks = defineTasks("odd", {
      make: task({
        run: (what: string): unknown => (what === "bigint" ? 5n : what === "large" ? "x".repeat(1024 * 1024) : what),
      }),
    });
    const pool = inMemory().pool(tasks, "make", HERE);
    const iterator = pool.imap(["a", "bigint", "large", "b"], { chunkSize: 4 });

    expect(await iterator.next()).toEqual({ done: false, value: "a" });
    await expect(iterator.next()).rejects.toThrow("The result of the task make has no JSON form");
    await expect(iterator.next()).rejects.toThrow(
      "The result of the task make has 1048578 bytes as JSON, more than the 1048576 that a result may have.",
    );
    expect(await iterator.next()).toEqual({ done: false, value: "b" });
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });
});
