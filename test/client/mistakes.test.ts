/** Mistakes in plain JavaScript, without a type checker: a sentence with the option, the rule and the value. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type PutOptions, type Queue, QueueManager } from "../../worker-client/src/index.ts";
import { freshName, TestServer } from "../support/server.ts";

const server = new TestServer();

beforeAll(() => server.start());
afterAll(() => server.remove());

function freshQueue<Item = unknown>(): Queue<Item> {
  return server.manager().queue<Item>(freshName());
}

describe("an option that a call does not have", () => {
  const calls: [call: string, meant: string, make: (queue: Queue) => unknown][] = [
    ["put()", "delaySeconds", (queue) => queue.put(1, { delay: 300 } as PutOptions)],
    ["put()", "dedupeKey", (queue) => queue.put(1, { dedupekey: "a" } as PutOptions)],
    ["putMany()", "priority", (queue) => queue.putMany([1], { priorty: 1 } as PutOptions)],
    ["get()", "timeoutSeconds", (queue) => queue.get({ timeout: 1 } as object)],
    ["getNowait()", "signal", (queue) => queue.getNowait({ singal: undefined } as object)],
    ["receive()", "leaseSeconds", (queue) => queue.receive({ lease: 1 } as object)],
    ["work()", "concurrency", (queue) => queue.work(() => 1, { concurency: 5 } as object)],
    ["join()", "timeoutSeconds", (queue) => queue.join({ timeoutMs: 5 } as object)],
    ["configure()", "maxAttempts", (queue) => queue.configure({ maxAttempt: 3 } as object)],
    ["purge()", "only", (queue) => queue.purge({ onyl: "dead" } as object)],
    ["shutdown()", "immediate", (queue) => queue.shutdown({ imediate: true } as object)],
    ["messages()", "state", (queue) => queue.messages({ states: "dead" } as object).next()],
    ["describe()", "retrySeconds", (queue) => queue.describe({ retrySecond: 1 } as object)],
    ["QueueManager", "authkey", () => new QueueManager({ authKey: "a" } as object)],
  ];

  test.each(calls)("of %s is refused, and %s is said to be meant", async (call, meant, make) => {
    const refusal = Promise.resolve().then(() => make(freshQueue()));

    await expect(refusal).rejects.toThrow(TypeError);
    await expect(refusal).rejects.toThrow(`${call} has no option`);
    await expect(refusal).rejects.toThrow(`Did you mean "${meant}"?`);
  });

  const foreign: [said: string, make: (queue: Queue) => unknown][] = [
    ['put() has no option "attempts". Did you mean "maxAttempts"?', (queue) => queue.put(1, { attempts: 3 } as object)],
    ['put() has no option "jobId". Did you mean "dedupeKey"?', (queue) => queue.put(1, { jobId: "a" } as object)],
    [
      'put() has no option "backoff". Did you mean "retryDelaySeconds"?',
      (queue) => queue.put(1, { backoff: { type: "fixed" } } as object),
    ],
    [
      'put() has no option "removeOnComplete". It is not needed: a message is removed when it is acked.',
      (queue) => queue.put(1, { removeOnComplete: true } as object),
    ],
    [
      'put() has no option "lifo". It is the order of the queue: configure({ order: "lifo" }).',
      (queue) => queue.put(1, { lifo: true } as object),
    ],
    [
      'each() has no option "delay". Did you mean "delaySeconds"?',
      (queue) => queue.putMany([1], { each: () => ({ delay: 1_000 }) as object }),
    ],
    [
      'work() has no option "attempts". It is "maxAttempts", an option of put() and configure().',
      (queue) => queue.work(() => 1, { attempts: 3 } as object),
    ],
    [
      'work() has no option "lockDuration". Did you mean "leaseSeconds"?',
      (queue) => queue.work(() => 1, { lockDuration: 30_000 } as object),
    ],
    [
      'configure() has no option "backoff". Did you mean "retryDelaySeconds"?',
      (queue) => queue.configure({ backoff: 5 } as object),
    ],
    [
      'configure() has no option "jobId". It is "dedupeKey", an option of put().',
      (queue) => queue.configure({ jobId: "a" } as object),
    ],
  ];

  test.each(foreign)("and that another queue's client has is refused with the one here: %s", async (said, make) => {
    await expect(Promise.resolve().then(() => make(freshQueue()))).rejects.toThrow(said);
  });

  test("is named with all that there are where none is like it", async () => {
    await expect(freshQueue().purge({ everything: true } as object)).rejects.toThrow(
      'purge() has no option "everything". It has: only, signal, retrySeconds.',
    );
  });

  test("may not stand in place of the options at all", async () => {
    await expect(freshQueue().put(1, 5 as unknown as PutOptions)).rejects.toThrow(
      "put() takes its options as an object, not 5.",
    );
  });
});

describe("a value that an option cannot have", () => {
  const calls: [said: string, make: (queue: Queue) => unknown][] = [
    ["at must be a Date, not 1795000000000.", (queue) => queue.put(1, { at: 1_795_000_000_000 as unknown as Date })],
    ['at must be a Date, not "tomorrow".', (queue) => queue.put(1, { at: "tomorrow" as unknown as Date })],
    ["at must be a valid Date, not an invalid one.", (queue) => queue.put(1, { at: new Date(Number.NaN) })],
    ["timeoutSeconds must be a number of 0 or more, not -1.", (queue) => queue.get({ timeoutSeconds: -1 })],
    ["timeoutSeconds must be a number of 0 or more, not NaN.", (queue) => queue.get({ timeoutSeconds: Number.NaN })],
    [
      'timeoutSeconds must be a number of 0 or more, not "5".',
      (queue) => queue.receive({ timeoutSeconds: "5" as unknown as number }),
    ],
    ["retrySeconds must be a number of 0 or more, not -1.", (queue) => queue.put(1, { retrySeconds: -1 })],
    ["signal must be an AbortSignal, not 5.", (queue) => queue.put(1, { signal: 5 as unknown as AbortSignal })],
    ["concurrency must be an integer from 1 to 10000, not 0.", (queue) => queue.work(() => 1, { concurrency: 0 })],
    ["concurrency must be an integer from 1 to 10000, not 1.5.", (queue) => queue.work(() => 1, { concurrency: 1.5 })],
    ["prefetch must be an integer from 0 to 10000, not -1.", (queue) => queue.work(() => 1, { prefetch: -1 })],
    [
      "shutdownSeconds must be a number from 0 to 86400, not -1.",
      (queue) => queue.work(() => 1, { shutdownSeconds: -1 }),
    ],
    ["leaseSeconds must be a number from 1 to 43200, not 0.5.", (queue) => queue.work(() => 1, { leaseSeconds: 0.5 })],
    [
      "onError must be a function, not true.",
      (queue) => queue.work(() => 1, { onError: true as unknown as () => void }),
    ],
    ["The handler of work() must be a function, not undefined.", (queue) => queue.work(undefined as never)],
    ["An item must have a JSON form; undefined has none.", (queue) => queue.put(undefined)],
    ["An item must have a JSON form; a function has none.", (queue) => queue.put(() => 1)],
    ["putMany() takes an array of items. For one item there is put().", (queue) => queue.putMany("abc" as never)],
    ['transport must be "websocket" or "http", not "tcp".', () => server.manager({ transport: "tcp" as "http" })],
    ['allowPlainHttp must be true or false, not "yes".', () => server.manager({ allowPlainHttp: "yes" as never })],
    [
      'The name of a queue must be 1 to 128 of A-Z a-z 0-9 . _ -, the first a letter or a digit, not "mail:out".',
      () => server.manager().queue("mail:out"),
    ],
  ];

  test.each(calls)("is thrown with the option, the rule and the value: %s", async (said, make) => {
    await expect(Promise.resolve().then(() => make(freshQueue()))).rejects.toThrow(said);
  });
});

describe("putMany", () => {
  test("with one dedupeKey for several items is refused, and stores nothing", async () => {
    const queue = freshQueue<string>();

    await expect(queue.putMany(["a", "b", "c"], { dedupeKey: "key" })).rejects.toThrow(
      "putMany() would store only the first item under one dedupeKey.",
    );
    expect(await queue.qsize()).toBe(0);
    await queue.putMany(["a"], { dedupeKey: "key" });
    expect(await queue.qsize()).toBe(1);
  });

  test.each(["websocket", "http"] as const)("gives each item its own options, over %s", async (transport) => {
    const queue = server.manager({ transport }).queue<{ n: number }>(freshName());
    await queue.configure({ order: "priority" });
    const items = [3, 1, 2, 1].map((n) => ({ n }));

    const ids = await queue.putMany(items, {
      group: "all",
      each: ({ n }, index) => ({ priority: n, dedupeKey: `key-${n}`, group: index === 0 ? "first" : undefined }),
    });

    expect(ids[3]).toBe(ids[1]);
    const messages = await queue.receive({ max: 10 });
    expect(messages.map(({ item, priority, group }) => [item.n, priority, group])).toEqual([
      [1, 1, undefined],
      [2, 2, undefined],
      [3, 3, "first"],
    ]);
  });

  test("refuses a key of all items that each() leaves to one of several", async () => {
    const refusal = freshQueue<number>().putMany([1, 2], {
      dedupeKey: "key",
      each: (n) => (n === 1 ? { dedupeKey: "own" } : {}),
    });

    await expect(refusal).rejects.toThrow("The dedupeKey of all items would be that of items[1] too.");
  });

  test("mixes bytes and JSON, each with its own options", async () => {
    const queue = freshQueue<unknown>();

    await queue.putMany([new Uint8Array([1, 2]), "text"], { each: (_, index) => ({ priority: index }) });

    const messages = await queue.receive({ max: 2 });
    expect(messages.map(({ item, priority }) => [item, priority])).toEqual([
      [new Uint8Array([1, 2]), 0],
      ["text", 1],
    ]);
  });
});

describe("a put that is too large", () => {
  test.each([
    ["as text", "x".repeat(1_048_576)],
    ["as bytes", new Uint8Array(1_048_577)],
    ["as far too many bytes", new Uint8Array(6_000_000)],
  ])("is refused before anything is sent: %s", async (_, item) => {
    const manager = new QueueManager({ address: "http://127.0.0.1:9", authkey: "none", retrySeconds: 0 });

    await expect(manager.queue("any").put(item)).rejects.toMatchObject({ name: "TooLarge", code: "too_large" });
  });
});

test("an address that would send the authkey in the clear is refused, unless the environment allows it", () => {
  const make = () => new QueueManager({ address: "http://queue:8787", authkey: "a" });

  expect(make).toThrow("DURABLE_QUEUE_ALLOW_PLAIN_HTTP=1");
  process.env.DURABLE_QUEUE_ALLOW_PLAIN_HTTP = "1";
  try {
    expect(make).not.toThrow();
  } finally {
    delete process.env.DURABLE_QUEUE_ALLOW_PLAIN_HTTP;
  }
});

test.each(["websocket", "http"] as const)(
  "what JSON cannot say is refused to its caller alone, over %s",
  async (transport) => {
    const queue = server.manager({ transport }).queue<number>(freshName());
    const odd = 1n as unknown as number;

    const outcomes = await Promise.allSettled([
      queue.put(1),
      queue.configure({ maxSize: odd }),
      queue.receive({ max: odd }),
      queue.qsize(),
    ]);

    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected", "fulfilled"]);
    expect(outcomes[1]).toMatchObject({ reason: expect.any(TypeError) });
  },
);

test("what is no text is neither a message's id nor a key", async () => {
  const queue = freshQueue<number>();

  await expect(queue.peek(undefined as unknown as string)).rejects.toThrow(
    "The id of a message must be a text without spaces, and neither . nor .., not undefined.",
  );
  // In a path it would be the queue itself, which a proxy may resolve: DELETE would delete it.
  await expect(queue.cancel("..")).rejects.toThrow(TypeError);
  await expect(queue.cancel({} as string)).rejects.toThrow(TypeError);
  await expect(queue.put(1, { idempotencyKey: 5 as unknown as string })).rejects.toMatchObject({ code: "invalid" });
});
