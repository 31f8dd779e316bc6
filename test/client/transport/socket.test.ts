/** The calls of a queue over its socket, where they differ from those over HTTP: frames, waits, cuts and mistakes. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SOCKET_WAITS_MAX } from "../../../src/contract/limits.ts";
import { Empty, Invalid, type Queue, Unauthorized } from "../../../worker-client/src/index.ts";
import { PONG_MS, SILENCE_MS } from "../../../worker-client/src/wire/socket-link.ts";
import { clientTime } from "../../support/client-time.ts";
import { FaultyProxy } from "../../support/proxy.ts";
import { freshName, TestServer } from "../../support/server.ts";
import { runThroughProxy } from "../../support/through-proxy.ts";

const MIB = 1024 * 1024;
const server = new TestServer();
let proxy: FaultyProxy;

runThroughProxy(server, (fresh) => {
  proxy = fresh;
});

function freshQueue<Item = unknown>(options: { retrySeconds?: number } = {}): Queue<Item> {
  return server.manager({ address: proxy.address, ...options }).queue<Item>(freshName());
}

/** The same queue over a connection of its own, which is not disturbed. */
function elsewhere<Item>({ name }: Queue<Item>): Queue<Item> {
  return server.manager().queue<Item>(name);
}

function numbers(end: number): number[] {
  return Array.from({ length: end }, (_, number) => number);
}

describe("calls that are made at the same time", () => {
  test("share a connection, and puts a frame", async () => {
    const queue = freshQueue<number>();
    await queue.put(-1);

    await Promise.all(numbers(100).map((n) => queue.put(n)));

    expect(proxy.upgrades).toBe(1);
    expect(proxy.frames).toEqual([["put"], Array(100).fill("put")]);
  });

  test("share frames as large as they may be, and no larger", async () => {
    const queue = freshQueue<string>();
    const items = numbers(1_000).map((n) => `${n}`.padEnd(16_000, "x"));

    await Promise.all(items.map((item) => queue.put(item)));

    expect(proxy.upgrades).toBe(1);
    expect(await queue.qsize()).toBe(1_000);
  });

  test("share an operation if they are acks", async () => {
    const queue = freshQueue<number>();
    await queue.putMany(numbers(100));
    const messages = await queue.receive({ max: 100 });

    const areAcked = await Promise.all(messages.map((message) => message.ack()));

    expect(areAcked).toEqual(Array(100).fill(true));
    expect(proxy.frames).toEqual([["put"], ["receive"], ["ack"]]);
  });

  test("keep their order", async () => {
    const queue = freshQueue<number>();

    await Promise.all(numbers(500).map((n) => queue.put(n)));
    const messages = await queue.receive({ max: 500 });

    expect(messages.map(({ item }) => item)).toEqual(numbers(500));
  });

  test("may have more items together than a frame may have lines", async () => {
    const queue = freshQueue<number>();

    await Promise.all(numbers(20).map(() => queue.putMany(numbers(1_000))));

    expect(await queue.describe()).toMatchObject({ visible: 20_000 });
    expect(proxy.upgrades).toBe(1);
  });

  test("may be larger together than any request may be", async () => {
    const queue = freshQueue<string>();
    const item = "x".repeat(MIB - 2);

    await Promise.all(numbers(20).map(() => queue.put(item)));

    expect(await queue.describe()).toMatchObject({ visible: 20 });
    expect(proxy.upgrades).toBe(1);
  });
});

describe("a mistake of one caller", () => {
  const mistakes: [name: string, call: (queue: Queue) => Promise<unknown>][] = [
    ["more items than a put may have", (queue) => queue.putMany(numbers(1_001))],
    [
      "more bytes than a request may have",
      (queue) => queue.putMany([...Array(11).fill("x".repeat(MIB - 2)), "x".repeat(MIB - 30)]),
    ],
    ["a key that no header can carry", (queue) => queue.put("item", { idempotencyKey: "☃" })],
    ["a key that is empty", (queue) => queue.put("item", { idempotencyKey: "" })],
    ["a key that is too long", (queue) => queue.put("item", { idempotencyKey: "k".repeat(256) })],
    ["a maximum that is none", (queue) => queue.receive({ max: 0 })],
  ];

  test.each(mistakes)("is Invalid and does not disturb the others: %s", async (_, call) => {
    const queue = freshQueue<unknown>();
    await queue.configure({});

    const getting = queue.get();
    await expect(call(queue)).rejects.toThrow(Invalid);
    await queue.put("item");

    expect(await getting).toBe("item");
    expect(proxy.upgrades).toBe(1);
  });
});

test("a wrong authkey is Unauthorized, for all calls", async () => {
  const queue = server.manager({ authkey: "wrong" }).queue(freshName());

  const refusals = await Promise.allSettled([queue.put("item"), queue.get(), queue.describe()]);

  expect(refusals).toEqual(Array(3).fill({ status: "rejected", reason: expect.any(Unauthorized) }));
  await expect(queue.join()).rejects.toThrow(Unauthorized);
});

describe(`while ${SOCKET_WAITS_MAX} calls wait, which is as many as a socket may have`, () => {
  /** Gets that the server has. */
  async function waitingGets(queue: Queue<number>, count = SOCKET_WAITS_MAX): Promise<Promise<number>[]> {
    const gets = numbers(count).map(() => queue.get());
    await queue.qsize();
    return gets;
  }

  /** Ends the calls that wait. */
  async function end(queue: Queue<number>, waiting: Promise<number>[]): Promise<void> {
    const settled = Promise.allSettled(waiting);
    await queue.shutdown();
    await settled;
  }

  test("more gets are served too", async () => {
    const queue = freshQueue<number>();
    const gets = await waitingGets(queue, 600);

    await elsewhere(queue).putMany(numbers(600));

    expect((await Promise.all(gets)).sort((a, b) => a - b)).toEqual(numbers(600));
  });

  test("a put goes through", async () => {
    const queue = freshQueue<number>();
    const gets = await waitingGets(queue);

    await queue.put(7);

    expect(await Promise.race(gets)).toBe(7);
    await end(queue, gets);
  });

  test("a get goes through to the items that the others would add to", async () => {
    const queue = freshQueue<number>();
    await queue.configure({ maxSize: 1 });
    await queue.put(-1);
    const puts = numbers(300).map((n) => queue.put(n));
    await queue.qsize();

    const items = [await queue.get(), ...(await Promise.all(numbers(300).map(() => queue.get())))];
    await Promise.all(puts);

    expect(items.sort((a, b) => a - b)).toEqual([-1, ...numbers(300)]);
  });

  test("a join hears when all is done", async () => {
    const queue = freshQueue<number>();
    await queue.put(1);
    await queue.get();
    const gets = await waitingGets(queue);

    const joining = queue.join();
    await queue.taskDone();

    expect(await joining).toBe(true);
    await end(queue, gets);
  });

  test("a get with a time limit ends when it is over", async () => {
    const queue = freshQueue<number>();
    const gets = await waitingGets(queue);

    const ended = await clientTime.waited(0.1, () => queue.get({ timeoutSeconds: 0.1 }));
    expect(ended).toMatchObject({ reason: expect.any(Empty) });
    await end(queue, gets);
  });

  test("as many may begin to wait as are given up at the same moment", async () => {
    const queue = freshQueue<number>();
    const { signal, abort } = givenUp();
    const aborted = numbers(SOCKET_WAITS_MAX).map(() => expect(queue.get({ signal })).rejects.toThrow("given up"));
    await queue.qsize();

    abort();
    const gets = numbers(SOCKET_WAITS_MAX).map(() => queue.get());
    await Promise.all(aborted);
    await queue.putMany(numbers(SOCKET_WAITS_MAX));

    expect((await Promise.all(gets)).sort((a, b) => a - b)).toEqual(numbers(SOCKET_WAITS_MAX));
  });
});

function givenUp(): { signal: AbortSignal; abort: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort(new Error("given up")) };
}

describe("a receive that is aborted just as its message comes", () => {
  test("gives it back at once, and has used up no attempt", async () => {
    const queue = freshQueue<string>();
    await queue.configure({ maxAttempts: 1 });
    const { signal, abort } = givenUp();

    const isAnswered = proxy.nextReply("receive").then(abort);
    const receiving = expect(queue.receive({ leaseSeconds: 3_600, signal })).rejects.toThrow("given up");
    await elsewhere(queue).put("item");
    await Promise.all([isAnswered, receiving]);

    expect(await elsewhere(queue).receive()).toMatchObject([{ item: "item" }]);
    expect(await elsewhere(queue).describe()).toMatchObject({ leased: 1, dead: 0 });
  });
});

describe("a connection that is cut", () => {
  beforeEach(() => clientTime.take());
  afterEach(() => clientTime.giveBack());

  test("is made anew for a get that waits, as often as need be, however long that takes altogether", async () => {
    const queue = freshQueue<string>({ retrySeconds: 8 });
    const getting = queue.get();

    for (let cuts = 0; cuts < 4; cuts += 1) {
      await queue.qsize();
      await clientTime.pass(4);
      // The connection works to its end.
      await queue.qsize();
      proxy.cut();
    }
    await elsewhere(queue).put("item");

    expect(await getting).toBe("item");
  });
});

describe("with time", () => {
  beforeEach(() => clientTime.take());
  afterEach(() => clientTime.giveBack());

  /** As long as it takes to see that nothing comes, and that nothing is answered. */
  async function silence(): Promise<void> {
    await clientTime.pass(SILENCE_MS / 1_000 + 0.1);
    await clientTime.pass(PONG_MS / 1_000 + 0.1);
  }

  /** A queue, and its proxy that is not that of the other tests. */
  async function behindProxy(): Promise<{ own: FaultyProxy; queue: Queue<string> }> {
    const own = await FaultyProxy.start(server.port);
    return { own, queue: server.manager({ address: own.address }).queue<string>(freshName()) };
  }

  test("a connection that is dead and not closed is noticed, and calls succeed over another one", async () => {
    const { own, queue } = await behindProxy();
    await queue.put("before");

    own.fallSilent();
    const calls = Promise.all([queue.put("after"), queue.get()]);
    await silence();

    const [, item] = await calls;
    expect(item).toBe("before");
    expect(own.upgrades).toBe(2);
    expect(await queue.describe()).toMatchObject({ accepted: 2 });
    await own.refuse();
  });

  test("a worker notices it too, although it asks for nothing", async () => {
    const { own, queue } = await behindProxy();
    const worker = queue.work(() => undefined, { leaseSeconds: 1 });
    await elsewhere(queue).put("before");
    await elsewhere(queue).join();

    own.fallSilent();
    await elsewhere(queue).put("after");
    await silence();

    expect(await elsewhere(queue).join()).toBe(true);
    expect(own.upgrades).toBe(2);
    await worker.close();
    await own.refuse();
  });
});
