/** A worker has never more in hand than its work can run, also when that changes. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { MemoryManager } from "../../../worker-client/memory/index.ts";
import { type Queue, QueueError, type Worker, type WorkOptions } from "../../../worker-client/src/index.ts";
import type { Message } from "../../../worker-client/src/message/message.ts";
import type { Work, WorkEvents } from "../../../worker-client/src/workers/work.ts";
import { freshName, TestServer } from "../../support/server.ts";
import { Gate, leasedOf, numbers } from "../../support/workers/workers.ts";

const server = new TestServer();
const memory = new MemoryManager();
const workers: Worker[] = [];

beforeAll(() => server.start());
afterEach(async () => {
  await Promise.allSettled(workers.splice(0).map((worker) => worker.close({ timeoutSeconds: 0 })));
});
afterAll(async () => {
  await memory.close();
  await server.remove();
});

/** Work whose capacity changes as a test says. */
class ChangingWork implements Work {
  capacity: number;
  readonly gate = new Gate();
  readonly begun: [item: unknown, attempt: number][] = [];
  readonly told: string[] = [];
  events: WorkEvents | undefined;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  readonly handler = async ({ item, attempt }: Message<unknown>): Promise<void> => {
    this.begun.push([item, attempt]);
    await this.gate.passed;
  };

  start(events: WorkEvents): void {
    this.events = events;
    this.told.push("start");
  }

  stop(): void {
    this.told.push("stop");
  }

  async end(): Promise<void> {
    this.told.push("end");
  }

  become(capacity: number): void {
    this.capacity = capacity;
    this.events?.changed();
  }
}

function started<Item>(queue: Queue<Item>, work: Work, options: WorkOptions = {}): Worker {
  const worker = queue.startWork(() => work, options);
  workers.push(worker);
  return worker;
}

const WAYS = {
  "over a WebSocket": (): Queue<number> => server.manager().queue<number>(freshName()),
  "over HTTP": (): Queue<number> => server.manager({ transport: "http" }).queue<number>(freshName()),
  "in memory": (): Queue<number> => memory.queue<number>(freshName()),
};

describe.each(Object.keys(WAYS) as (keyof typeof WAYS)[])("%s", (way) => {
  test("a worker whose work can run nothing asks for nothing, and begins when it can", async () => {
    const queue = WAYS[way]();
    await queue.putMany(numbers(5));
    const work = new ChangingWork(0);
    started(queue, work, { concurrency: 3, prefetch: 2 });
    for (let calls = 0; calls < 5; calls += 1) await queue.describe();
    expect(await queue.describe()).toMatchObject({ leased: 0, visible: 5 });

    work.become(2);
    await expect.poll(() => work.begun.length).toBe(2);
    expect((await queue.describe()).leased).toBe(way === "over HTTP" ? 2 : 4);
    work.gate.open();
    await queue.join();

    expect(work.begun).toEqual(numbers(5).map((item) => [item, 1]));
  });

  test("with long handlers a worker has as many messages as its work can run, and no more when that is fewer", async () => {
    const queue = WAYS[way]();
    await queue.putMany(numbers(20));
    const work = new ChangingWork(4);
    started(queue, work);
    await expect.poll(() => work.begun.length).toBe(4);
    for (let calls = 0; calls < 5; calls += 1) expect((await queue.describe()).leased).toBe(4);

    work.become(1);
    work.gate.open();
    await queue.join();

    expect(work.begun.map(([, attempt]) => attempt)).toEqual(Array(20).fill(1));
  });

  test("a worker whose work can run nothing any more has nothing, whatever is put", async () => {
    const queue = WAYS[way]();
    const work = new ChangingWork(3);
    work.gate.open();
    started(queue, work);
    await queue.put(0);
    await queue.join();

    work.become(0);
    await queue.putMany(numbers(3));
    await expect.poll(() => queue.describe()).toMatchObject({ visible: 3, leased: 0 });
    expect(work.begun).toHaveLength(1);
    work.become(1);
    await queue.join();

    expect(work.begun.map(([, attempt]) => attempt)).toEqual([1, 1, 1, 1]);
  });
});

test("what waits beyond a smaller capacity is given back, and has used up no attempt", async () => {
  const queue = server.manager().queue<number>(freshName());
  await queue.configure({ maxAttempts: 1 });
  await queue.putMany(numbers(8));
  const work = new ChangingWork(2);
  started(queue, work, { prefetch: 4, leaseSeconds: 3_600 });
  await leasedOf(queue).toBe(6);

  work.become(1);
  await leasedOf(queue).toBe(5);
  work.become(0);
  await leasedOf(queue).toBe(2);
  expect(await queue.describe()).toMatchObject({ visible: 6, dead: 0 });

  work.gate.open();
  await leasedOf(queue).toBe(0);
  work.become(2);
  await queue.join();
  expect(await queue.describe()).toMatchObject({ done: 8, dead: 0 });
});

test("work is started before a message is asked for, and ended before its worker has finished", async () => {
  const queue = memory.queue<number>(freshName());
  await queue.put(1);
  const work = new ChangingWork(1);
  const ended = new Gate();
  work.end = async () => {
    work.told.push("end");
    await ended.passed;
  };
  work.gate.open();
  const worker = started(queue, work);
  expect(work.told).toEqual(["start"]);
  await queue.join();

  const closing = worker.close().then(() => work.told.push("finished"));
  await expect.poll(() => work.told).toEqual(["start", "stop", "end"]);
  await queue.describe();
  ended.open();
  await closing;

  expect(work.told).toEqual(["start", "stop", "end", "finished"]);
});

test("work that has failed ends its worker with the error, is ended too, and its messages are given back", async () => {
  const queue = server.manager().queue<number>(freshName());
  await queue.putMany(numbers(3));
  const work = new ChangingWork(1);
  const worker = started(queue, work, { prefetch: 2, leaseSeconds: 3_600 });
  await leasedOf(queue).toBe(3);
  const error = new QueueError("The module cannot be loaded.", { code: "handler_unusable" });

  work.events?.failed(error);
  work.gate.open();

  await expect(worker.finished).rejects.toBe(error);
  expect(work.told).toEqual(["start", "stop", "end"]);
  expect(await queue.describe()).toMatchObject({ done: 1, visible: 2, leased: 0 });
});

test("work that fails while it starts ends its worker before a message is asked for", async () => {
  const queue = server.manager().queue<number>(freshName());
  await queue.put(1);
  const error = new QueueError("The module cannot be loaded.", { code: "handler_unusable" });
  const work = new ChangingWork(1);
  work.start = ({ failed }) => failed(error);

  await expect(started(queue, work).finished).rejects.toBe(error);

  expect(work.begun).toEqual([]);
  expect(work.told).toEqual(["stop", "end"]);
  expect(await queue.describe()).toMatchObject({ visible: 1 });
});

test("work that cannot be ended is an error of its worker, which has finished all the same", async () => {
  const queue = memory.queue<number>(freshName());
  const failure = new Error("no such process");
  const errors: unknown[] = [];
  const work = new ChangingWork(1);
  work.end = () => Promise.reject(failure);

  await started(queue, work, { onError: (error) => errors.push(error) }).close();

  expect(errors).toEqual([failure]);
});
