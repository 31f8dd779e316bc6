/** An attempt counts when a handler began it. A message that only waited in a worker loses none when the worker dies. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Queue } from "../../../worker-client/src/index.ts";
import { freshName, TestServer } from "../../support/server.ts";
import { count, type Said, type Task, type WorkerProcess } from "../../support/workers/worker-process.ts";
import { workerProcesses } from "../../support/workers/worker-processes.ts";

const server = new TestServer({ isMovable: true });

/** Longer than any of this takes, so that leases end when the test lets them. */
const LEASE_SECONDS = 600;

/** Ends by itself, as a process that is frozen has a clock that no test moves; longer than other workers take for a message. */
const FROZEN_LEASE_SECONDS = 3;

beforeAll(() => server.start());
afterAll(() => server.remove());
const start = workerProcesses(server, afterEach);

/** A worker that is started again each time that it was killed, as a service manager does. */
class KeptWorker {
  readonly said: Said[] = [];
  kills = 0;
  #current: WorkerProcess;
  readonly #kept: Promise<void>;

  /** @param killed is waited for before the next one is started */
  constructor(startOne: () => WorkerProcess, killed: () => Promise<void>) {
    this.#current = startOne();
    this.#kept = this.#keep(startOne, killed);
  }

  async #keep(startOne: () => WorkerProcess, killed: () => Promise<void>): Promise<void> {
    for (;;) {
      const ended = await this.#current.ended;
      this.said.push(...this.#current.said);
      if (ended !== "SIGKILL") return;
      this.kills += 1;
      await killed();
      this.#current = startOne();
    }
  }

  async close(): Promise<void> {
    await this.#current.ready();
    await this.#current.close();
    await this.#kept;
  }
}

async function freshQueue(options: Parameters<Queue["configure"]>[0]): Promise<Queue<Task>> {
  const queue = server.manager().queue<Task>(freshName());
  await queue.configure({ retryDelaySeconds: 0, retryDelayJitter: 0, ...options });
  return queue;
}

async function attemptsOf(queue: Queue<Task>): Promise<Record<string, [state: string, attempts: number]>> {
  const all: Record<string, [string, number]> = {};
  for await (const { item, state, attempts } of queue.messages()) all[item.name] = [state, attempts];
  return all;
}

describe("a message that kills its worker", () => {
  test.each([
    ["by default", {}],
    ["with a large prefetch", { prefetch: 10 }],
    ["with a large prefetch and concurrency", { concurrency: 4, prefetch: 10 }],
  ])("dies of its own attempts, and none beside it loses one without having begun: %s", async (_, work) => {
    const queue = await freshQueue({ maxAttempts: 3, leaseSeconds: LEASE_SECONDS });
    const innocents = Array.from({ length: 8 }, (_, n): Task => ({ name: `innocent-${n}` }));
    await queue.putMany([{ name: "poison", kills: true }, ...innocents]);
    const kept = new KeptWorker(
      () => start(queue, work),
      () => server.pass(LEASE_SECONDS, queue.name),
    );

    await queue.join();
    await kept.close();

    expect(count(kept.said)).toMatchObject({ poison: 3 });
    expect(kept.kills).toBe(3);
    expect(await attemptsOf(queue)).toEqual({ poison: ["dead", 3] });
    expect(await queue.describe()).toMatchObject({ done: 8, dead: 1 });
  });
});

test("a worker that is frozen is sent each message once, and what it had is done by others, with no attempt lost", async () => {
  const queue = await freshQueue({ maxAttempts: 2, leaseSeconds: FROZEN_LEASE_SECONDS });
  const frozen = await start(queue, { concurrency: 1, prefetch: 9 }).ready();
  await queue.put({ name: "first" });
  await queue.join();
  frozen.signal("SIGSTOP");

  const names = Array.from({ length: 5 }, (_, n) => `task-${n}`);
  await queue.putMany(names.map((name) => ({ name })));
  const other = await start(queue, { concurrency: 5, prefetch: 0 }).ready();
  await queue.join();
  frozen.signal("SIGCONT");
  await queue.put({ name: "last", sleepMs: 50 });
  await queue.join();

  const begun = count([...frozen.said, ...other.said]);
  expect(begun).toEqual({ first: 1, last: 1, ...Object.fromEntries(names.map((name) => [name, 1])) });
  expect(await queue.describe()).toMatchObject({ done: 7, dead: 0 });
});

test("messages of a frozen worker that no other worker took are done by it when it goes on, as their first attempt", async () => {
  const queue = await freshQueue({ maxAttempts: 2, leaseSeconds: FROZEN_LEASE_SECONDS });
  const frozen = await start(queue, { concurrency: 1, prefetch: 9 }).ready();
  await queue.put({ name: "first" });
  await queue.join();
  frozen.signal("SIGSTOP");
  await queue.putMany(["a", "b", "c"].map((name) => ({ name })));
  await expect.poll(async () => (await queue.describe()).leased).toBe(3);
  await expect.poll(async () => (await queue.describe()).visible).toBe(3);
  frozen.signal("SIGCONT");
  await queue.join();

  const attempts = frozen.said.flatMap((said) => (said.what === "begin" ? [said.attempt] : []));
  expect(frozen.begun).toEqual({ first: 1, a: 1, b: 1, c: 1 });
  expect(attempts).toEqual([1, 1, 1, 1]);
});

test("a deploy that kills workers again and again costs what has not begun nothing", async () => {
  const queue = await freshQueue({ maxAttempts: 3, leaseSeconds: LEASE_SECONDS });
  const names = Array.from({ length: 10 }, (_, n) => `task-${n}`);
  await queue.putMany([{ name: "long", sleepMs: 60_000 }, ...names.map((name) => ({ name, sleepMs: 60_000 }))]);

  for (let deploy = 0; deploy < 3; deploy += 1) {
    const worker = start(queue, { concurrency: 1, prefetch: 20 });
    await worker.until(({ what }) => what === "begin");
    await worker.kill();
    await server.pass(LEASE_SECONDS, queue.name);
    expect(await queue.describe()).toMatchObject({ leased: 0 });
  }

  const attempts = Object.values(await attemptsOf(queue)).map(([, each]) => each);
  expect(attempts.reduce((sum, each) => sum + each, 0)).toBe(3);
});
