import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { MemoryManager } from "durable-queue/memory";
import { startServer } from "durable-queue/testing";
import { expect, onTestFinished, test } from "vitest";
import { countSolutions, positionsOf } from "../src/board.ts";
import { solve } from "../src/solve.ts";
import { tasks } from "../src/tasks.ts";

/** By the size of the board. */
const COUNTS = new Map([
  [8, 92],
  [9, 352],
  [10, 724],
  [11, 2_680],
  [12, 14_200],
  [13, 73_712],
]);

test("two processes count the solutions of boards from 8 to 13", async () => {
  await using manager = new MemoryManager();
  await using pool = manager.pool(tasks, "count", { processes: 2 });

  for (const [size, count] of COUNTS) expect([size, await solve(pool, size)]).toEqual([size, count]);
});

test("the parts of a board are all of it, each once", () => {
  const parts = positionsOf(8, 3);

  expect(new Set(parts.map(({ columns }) => columns.join())).size).toBe(parts.length);
  expect(parts.map(countSolutions).reduce((sum, count) => sum + count)).toBe(92);
});

test("when one of two machines is lost on the way, the count is right all the same", async () => {
  await using server = await startServer();
  const { address, authkey } = server;
  const env = { ...process.env, DURABLE_QUEUE_ADDRESS: address, DURABLE_QUEUE_AUTHKEY: authkey };
  const machines: ChildProcess[] = [];
  const join = () => {
    const machine = spawn("durable-queue", ["work", "./src/tasks.ts"], { env, stdio: "ignore" });
    machines.push(machine);
    return machine;
  };
  onTestFinished(async () => {
    for (const machine of machines) machine.kill("SIGKILL");
    await Promise.all(machines.filter(isRunning).map((machine) => once(machine, "exit")));
  });
  const manager = server.manager();
  await manager.queue(tasks.queue).configure({ leaseSeconds: 3 });
  await using pool = manager.pool(tasks, "count", { processes: 0 });
  const [lost] = [join(), join()];

  let parts = 0;
  const count = await solve(pool, 12, () => {
    parts += 1;
    if (parts === 20) lost.kill("SIGKILL");
  });

  expect(count).toBe(14_200);
  expect(parts).toBe(110);
  expect(lost.killed).toBe(true);
});

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}
