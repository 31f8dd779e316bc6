/** The programs that every tutorial has, run as their readers run them: one terminal each. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { AUTHKEY, TestServer } from "../support/server.ts";

const ROOT = join(import.meta.dirname, "../..");
const server = new TestServer();
const run = promisify(execFile);

beforeAll(() => server.start());
afterAll(() => server.remove());

/** An example whose process is there, and that begins when the test lets it. */
interface Example {
  /** Lets it begin, and answers with the lines that it printed when it has ended. */
  begin: () => Promise<string[]>;
}

/** Starts an example, with pauses that are shorter. */
async function load(name: string): Promise<Example> {
  const env = { ...process.env, DURABLE_QUEUE_ADDRESS: server.address, DURABLE_QUEUE_AUTHKEY: AUTHKEY };
  const imports = ["--import", "./test/support/short-pauses.mjs", "--import", "./test/support/held-start.mjs"];
  const args = ["--conditions=durable-queue-source", ...imports, `examples/${name}.ts`];
  const running = run(process.execPath, args, { cwd: ROOT, env });
  const lines = running.then(({ stdout }) => stdout.trimEnd().split("\n"));
  await Promise.race([once(running.child.stderr as Readable, "data"), lines]);
  return {
    begin: () => {
      running.child.stdin?.end();
      return lines;
    },
  };
}

test("the master puts ten tasks, the worker does them, and the master prints the results", async () => {
  const [taskMaster, taskWorker] = await Promise.all([load("task-master"), load("task-worker")]);
  const printed = taskMaster.begin();
  // A worker that comes before the tasks gives up some of its ten turns.
  const queue = server.manager().queue("task_queue");
  while ((await queue.qsize()) < 10) await queue.describe().catch(() => undefined);
  const [master, worker] = await Promise.all([printed, taskWorker.begin()]);

  const numbers = master.slice(0, 10).map((line) => Number(/^Put task (\d+)\.\.\.$/.exec(line)?.[1]));
  expect(master).toEqual([
    ...numbers.map((n) => `Put task ${n}...`),
    "Try get results...",
    ...numbers.map((n) => `Result: ${n} * ${n} = ${n * n}`),
    "master exit.",
  ]);
  expect(worker[0]).toBe(`Connect to server ${server.address}...`);
  expect(worker.filter((line) => line.startsWith("run task"))).toEqual(numbers.map((n) => `run task ${n} * ${n}...`));
  expect(worker.at(-1)).toBe("worker exit.");
});

test("with bounded queues two workers share the tasks, and each prints how many are left", async () => {
  const [master, ...both] = await Promise.all(["bounded-master", "bounded-worker", "bounded-worker"].map(load));
  const printing = master?.begin();
  // A worker ends when it finds the queue empty.
  const queue = server.manager().queue("bounded_task_queue");
  while ((await queue.qsize()) < 10) await queue.describe().catch(() => undefined);
  const workers = await Promise.all(both.map((worker) => worker.begin()));
  const printed = (await printing) ?? [];

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
