/** Queues in memory, in virtual time: how a team tests its producers and its handlers. */
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { MemoryManager } from "../../../worker-client/memory/index.ts";
import { MemoryServer } from "../../../worker-client/memory/memory-server.ts";
import { VirtualTime } from "../../../worker-client/memory/virtual-time.ts";

const HOUR = 3_600;
const START = new Date("2026-01-01T00:00:00Z");

const managers: MemoryManager[] = [];

function virtual(): MemoryManager {
  const memory = new MemoryManager({ time: "virtual", now: START });
  managers.push(memory);
  return memory;
}

afterEach(async () => {
  await Promise.all(managers.splice(0).map((memory) => memory.close({ timeoutSeconds: 0 })));
});

test("a handler gets a task with a delay of an hour when an hour has passed, and not before", async () => {
  const memory = virtual();
  const queue = memory.queue<string>("reminders");
  const handled: string[] = [];
  queue.work(({ item }) => void handled.push(`${item} at ${memory.now.toISOString()}`));
  await queue.put("call Ada", { delaySeconds: HOUR });

  await memory.advance(HOUR - 1);
  expect(handled).toEqual([]);
  await memory.advance(1);

  expect(handled).toEqual(["call Ada at 2026-01-01T01:00:00.000Z"]);
  expect(await queue.join({ timeoutSeconds: 0 })).toBe(true);
});

test("a failing handler is called again after its delays, with its attempts, until its message is dead", async () => {
  const memory = virtual();
  const queue = memory.queue<number>("failing");
  await queue.configure({ maxAttempts: 3, retryDelaySeconds: 60, retryDelayFactor: 2, retryDelayJitter: 0 });
  const seconds: number[] = [];
  queue.work(
    ({ attempt }) => {
      seconds.push((memory.now.getTime() - START.getTime()) / 1_000);
      throw new Error(`attempt ${attempt}`);
    },
    { onError: () => undefined },
  );
  await queue.put(1);

  await memory.advance(24 * HOUR);

  expect(seconds).toEqual([0, 60, 180]);
  for await (const dead of queue.messages({ state: "dead" })) {
    expect(dead).toMatchObject({
      item: 1,
      attempts: 3,
      reason: "max_attempts",
      lastError: expect.stringMatching(/^Error: attempt 3\n/),
    });
  }
  expect((await queue.describe()).dead).toBe(1);
});

test("dead letters move to the queue that is configured for them", async () => {
  const memory = virtual();
  const queue = memory.queue("orders");
  await queue.configure({ maxAttempts: 1, deadLetterQueue: "broken-orders" });
  queue.work(() => Promise.reject(new Error("no stock")), { onError: () => undefined });
  await queue.put({ order: 7 });

  await memory.advance(0);

  const [message] = await memory.queue("broken-orders").receive();
  expect(message?.item).toEqual({ order: 7 });
  expect(message?.deadLetter).toMatchObject({
    queue: "orders",
    lastError: expect.stringMatching(/^Error: no stock\n/),
  });
});

test("a lease by hand ends with its time, and its receipt changes nothing then", async () => {
  const memory = virtual();
  const queue = memory.queue("leased");
  await queue.put("a");
  const [message] = await queue.receive({ leaseSeconds: 30 });

  await memory.advance(30);
  expect(await message?.ack()).toBe(false);
  await memory.advance(60);

  expect((await queue.receive())[0]?.attempt).toBe(2);
});

test("a handler that works for a day keeps its message", async () => {
  const memory = virtual();
  const queue = memory.queue("long");
  const finished = Promise.withResolvers<void>();
  let calls = 0;
  queue.work(
    async () => {
      calls += 1;
      await finished.promise;
    },
    { leaseSeconds: 30 },
  );
  await queue.put("video");

  await memory.advance(24 * HOUR);
  expect((await queue.describe()).leased).toBe(1);
  finished.resolve();
  await memory.idle();

  expect([calls, await queue.join({ timeoutSeconds: 0 })]).toEqual([1, true]);
});

test("what expires is gone at its time", async () => {
  const memory = virtual();
  const queue = memory.queue("fresh");
  await queue.put("news", { retentionSeconds: HOUR });

  await memory.advance(HOUR - 1);
  expect(await queue.qsize()).toBe(1);
  await memory.advance(1);

  expect(await queue.qsize()).toBe(0);
});

test("a get waits in virtual time", async () => {
  const memory = virtual();
  const queue = memory.queue("waited-for");
  const ended = queue.get({ timeoutSeconds: HOUR }).catch((error: Error) => error.name);
  await memory.advance(HOUR);
  const answered = queue.get({ timeoutSeconds: HOUR });
  await queue.put("a", { delaySeconds: 10 });
  await memory.advance(10);

  expect([await ended, await answered]).toEqual(["Empty", "a"]);
});

test("a put waits in a full queue until there is room", async () => {
  const memory = virtual();
  const queue = memory.queue("full");
  await queue.configure({ maxSize: 1 });
  await queue.put(1);
  const refused = queue.put(2, { timeoutSeconds: 5 }).catch((error: Error) => error.name);
  await memory.advance(5);
  const waiting = queue.put(3);
  await memory.advance(HOUR);
  expect(await queue.getNowait()).toBe(1);

  expect(await refused).toBe("Full");
  expect(typeof (await waiting)).toBe("string");
});

test("cancel aborts the signal of the handler that works on the message", async () => {
  const memory = virtual();
  const queue = memory.queue("cancelled");
  const id = await queue.put("a");
  const aborted = Promise.withResolvers<string>();
  queue.work(({ signal }) => {
    signal.addEventListener("abort", () => aborted.resolve(String(signal.reason)));
    return aborted.promise;
  });
  await memory.advance(0);

  await queue.cancel(id);

  expect(await aborted.promise).toContain("it was cancelled");
  await memory.idle();
  expect(await queue.qsize()).toBe(0);
});

test("timers that a test has replaced do not stop it", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const memory = virtual();
  const queue = memory.queue("faked");
  const handled: unknown[] = [];
  queue.work(({ item }) => void handled.push(item));
  await queue.put("a", { delaySeconds: HOUR });

  await memory.advance(HOUR);

  expect(handled).toEqual(["a"]);
});

test("a handler puts for other queues, whose handlers run in the same advance", async () => {
  const memory = virtual();
  const seen: string[] = [];
  memory.queue<string>("first").work(async ({ item }) => {
    await memory.queue("second").put(`${item}b`);
  });
  memory.queue<string>("second").work(({ item }) => void seen.push(item));
  await memory.queue("first").put("a");

  await memory.advance(0);

  expect(seen).toEqual(["ab"]);
});

test("a message that is put each minute again is handled once a minute", async () => {
  const memory = virtual();
  const queue = memory.queue<number>("minutes");
  let count = 0;
  queue.work(async ({ item }) => {
    count += 1;
    await queue.put(item + 1, { delaySeconds: 60 });
  });
  await queue.put(0);

  await memory.advance(HOUR);

  expect(count).toBe(61);
});

test("what happens at one time without end is told of, and not waited for", async () => {
  const server = new MemoryServer(START.getTime());
  let isOver = false;
  const put = (): void => {
    void server.ask("endless", { verb: "put", request: { messages: [{ body: 1 }] } });
    if (!isOver) setImmediate(put);
  };
  put();
  const time = new VirtualTime(server, new Set(), 1_000);

  await expect(time.advance(0)).rejects.toThrow(/^The queues changed more than 1000 times without time passing/);
  isOver = true;
});

test("thousands of messages that are due over a day are handled each at its time", async () => {
  const memory = virtual();
  const queue = memory.queue<number>("many");
  const late: number[] = [];
  queue.work(({ item }) => {
    if (memory.now.getTime() !== START.getTime() + item * 1_000) late.push(item);
  });
  const items = Array.from({ length: 5_000 }, (_, n) => n * 17);
  for (let first = 0; first < items.length; first += 1_000) {
    await queue.putMany(items.slice(first, first + 1_000), { each: (item) => ({ delaySeconds: item }) });
  }

  await memory.advance(24 * HOUR);

  expect([late, await queue.join({ timeoutSeconds: 0 })]).toEqual([[], true]);
});

describe("mistakes", () => {
  test("time of the machine cannot be advanced", async () => {
    await expect(new MemoryManager().advance(1)).rejects.toThrow(
      new TypeError('advance() needs virtual time: new MemoryManager({ time: "virtual" }).'),
    );
  });

  test("time does not go back", async () => {
    await expect(virtual().advance(-1)).rejects.toThrow(RangeError);
    await expect(virtual().advance(Infinity)).rejects.toThrow(
      "seconds must be a number from 0 to 3155760000, not Infinity.",
    );
  });

  test.each([
    [{ time: "fast" }, 'time must be "real" or "virtual", not "fast".'],
    [{ time: "virtual", now: new Date(Number.NaN) }, "now must be a valid Date, not an object."],
    [{ now: START }, 'now needs virtual time: give time: "virtual" too.'],
    [{ clock: 1 }, 'MemoryManager has no option "clock". It has: time, now.'],
  ])("options %j are refused with a sentence", (options, sentence) => {
    expect(() => new MemoryManager(options as object)).toThrow(sentence);
  });

  test("names follow the rules of a server", () => {
    expect(() => virtual().queue("no spaces")).toThrow(RangeError);
  });

  test("a value that JSON cannot hold is refused, as by a server", async () => {
    await expect(virtual().queue("json").put(1n)).rejects.toThrow(TypeError);
  });
});
