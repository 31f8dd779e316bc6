/** The programs that every tutorial has, run as their readers run them: one terminal each. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { AUTHKEY, TestServer } from "../support/server.ts";

const ROOT = join(import.meta.dirname, "../..");
const server = new TestServer();
const run = promisify(execFile);

beforeAll(() => server.start());
afterAll(() => server.remove());

/** Runs an example to its end, with pauses that are shorter, and answers with the lines that it printed. */
async function example(name: string): Promise<string[]> {
  const env = { ...process.env, DURABLE_QUEUE_ADDRESS: server.address, DURABLE_QUEUE_AUTHKEY: AUTHKEY };
  const args = [
    "--conditions=durable-queue-source",
    "--import",
    "./test/support/short-pauses.mjs",
    `examples/${name}.ts`,
  ];
  const { stdout } = await run(process.execPath, args, { cwd: ROOT, env });
  return stdout.trimEnd().split("\n");
}

test("the master puts ten tasks, the worker does them, and the master prints the results", async () => {
  const [master, worker] = await Promise.all([example("task-master"), example("task-worker")]);

  const numbers = master.slice(0, 10).map((line) => Number(/^Put task (\d+)\.\.\.$/.exec(line)?.[1]));
  expect(master).toEqual([
    ...numbers.map((n) => `Put task ${n}...`),
    "Try get results...",
    ...numbers.map((n) => `Result: ${n} * ${n} = ${n * n}`),
    "master exit.",
  ]);
  expect(worker[0]).toBe(`Connect to server ${server.address}...`);
  // A worker that comes before the master finds the queue empty, says so and asks again.
  expect(worker.filter((line) => line.startsWith("run task"))).toEqual(numbers.map((n) => `run task ${n} * ${n}...`));
  expect(worker.at(-1)).toBe("worker exit.");
});

test("with bounded queues two workers share the tasks, and each prints how many are left", async () => {
  const master = example("bounded-master");
  const queue = server.manager().queue("bounded_task_queue");
  while (await queue.empty()) await queue.describe().catch(() => undefined);
  const workers = await Promise.all([example("bounded-worker"), example("bounded-worker")]);
  const printed = await master;

  const finished = printed.filter((line) => line.includes("is finished"));
  const tasks = finished.map((line) => Number(/^task (\d) is finished, runtime: [0-3] s$/.exec(line)?.[1]));
  expect(tasks.sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const ranTasks = workers.flat().filter((line) => line.startsWith("run task"));
  expect(ranTasks.sort()).toEqual(tasks.map((n) => `run task ${n}`));
  for (const lines of workers) {
    const left = lines.filter((line) => /^\d+$/.test(line)).map(Number);
    expect(left.length).toBeGreaterThan(0);
    expect(left).toEqual([...left].sort((a, b) => b - a));
  }
});
