/** What the compiler knows of pools and executors: their inputs and results; and what it refuses. */
import { expectTypeOf, test } from "vitest";
import * as z from "zod";
import {
  type AsyncResult,
  asCompleted,
  type Executor,
  type Future,
  type Job,
  type Pool,
  type PoolIterator,
  type QueueManager,
  wait,
} from "../../../worker-client/src/index.ts";
import { defineTasks, task } from "../../../worker-client/src/tasks/index.ts";

const tasks = defineTasks("numbers", {
  square: task({ run: (n: number) => n * n }),
  join: task({ run: ([a, b]: [number, number]) => `${a}${b}` }),
  now: task({ run: () => new Date() }),
  checked: task({
    input: z.object({ text: z.string().transform((text) => text.length), times: z.number().default(3) }),
    output: z.object({ length: z.string().transform(Number) }),
    run: ({ text, times }) => ({ length: String(text * times) }),
  }),
});

type Registry = typeof tasks;

/** Is only compiled. */
async function compiledOnly(manager: QueueManager): Promise<void> {
  const square = manager.pool(tasks, "square");
  expectTypeOf(square).toEqualTypeOf<Pool<number, number>>();
  expectTypeOf(manager.pool(tasks, "join")).toEqualTypeOf<Pool<[number, number], string>>();
  expectTypeOf(manager.pool(tasks, "now").apply()).toEqualTypeOf<Promise<string>>();
  expectTypeOf(manager.pool(tasks, "checked").map([{ text: "a" }])).toEqualTypeOf<Promise<{ length: number }[]>>();
  expectTypeOf(manager.pool<Registry, "square">("numbers", "square")).toEqualTypeOf<Pool<number, number>>();
  expectTypeOf(square.mapAsync(new Set([1]))).toEqualTypeOf<AsyncResult<number[]>>();
  expectTypeOf(square.imap([1])).toEqualTypeOf<PoolIterator<number>>();
  await manager.pool(tasks, "join").starmap([[1, 2]]);

  // @ts-expect-error There is no such task.
  manager.pool(tasks, "cube");
  // @ts-expect-error Which task it is decides the types of the pool.
  manager.pool<Registry>("numbers", "square");
  // @ts-expect-error Its queue has another name.
  manager.pool<Registry, "square">("letters", "square");
  // @ts-expect-error It has another name.
  manager.pool<Registry, "square">("numbers", "join");
  // @ts-expect-error Its inputs are numbers.
  await square.map(["1"]);
  // @ts-expect-error It needs an input.
  await square.apply();
  // @ts-expect-error Its inputs are no lists.
  await square.starmap([[1]]);
  // @ts-expect-error The whole list is needed at once.
  await square.map((async function* () {})());

  const executor = manager.executor(tasks);
  expectTypeOf(executor).toEqualTypeOf<Executor<Registry["tasks"]>>();
  expectTypeOf(executor.submit("join", [1, 2])).toEqualTypeOf<Future<string>>();
  expectTypeOf(executor.submit("now").result()).toEqualTypeOf<Promise<string>>();
  expectTypeOf(executor.map("square", [1])).toEqualTypeOf<PoolIterator<number>>();
  expectTypeOf(manager.executor<Registry>("numbers").submit("square", 1)).toEqualTypeOf<Future<number>>();
  // @ts-expect-error There is no such task.
  executor.submit("cube", 1);
  // @ts-expect-error Its input is a number.
  executor.submit("square", "1");

  const futures = [executor.submit("square", 1)];
  expectTypeOf((await wait(futures)).done).toEqualTypeOf<Set<Future<number>>>();
  for await (const each of asCompleted(futures)) expectTypeOf(each).toEqualTypeOf<Future<number>>();
  const job = await manager.tasks(tasks).square.submit(1);
  for await (const each of asCompleted([job, ...futures]))
    expectTypeOf(each).toEqualTypeOf<Job<number> | Future<number>>();
}

test("pools and executors have the types of their tasks", () => {
  expectTypeOf(compiledOnly).returns.toEqualTypeOf<Promise<void>>();
});
