import { describe, expect, test } from "vitest";
import { Empty, Full, type Queue, type QueueManager, Unavailable } from "../../../worker-client/src/index.ts";
import type { FaultyProxy } from "../../support/proxy.ts";
import { freshName, TestServer } from "../../support/server.ts";
import { runThroughProxy } from "../../support/through-proxy.ts";

const server = new TestServer({ isMovable: true });
let proxy: FaultyProxy;

/** More than the lease under which the client gets, and the delay after it. */
const GET_SECONDS = 15;

runThroughProxy(server, (fresh) => {
  proxy = fresh;
});

describe.each(["websocket", "http"] as const)("over %s", (transport) => {
  /** A client whose calls go through the proxy. */
  function manager(retrySeconds?: number): QueueManager {
    return server.manager({ address: proxy.address, retrySeconds, transport });
  }

  /** The same queue over a connection that is not disturbed. */
  function elsewhere<Item>({ name }: Queue<Item>): Queue<Item> {
    return server.manager({ transport }).queue<Item>(name);
  }

  function freshQueue<Item = unknown>(): Queue<Item> {
    return manager().queue<Item>(freshName());
  }

  test("a put whose reply is lost is sent again and stored once", async () => {
    const queue = freshQueue<string>();

    const lost = proxy.loseNextReply("put");
    const id = await queue.put("item");
    await lost;
    const messages = await queue.receive({ max: 10 });

    expect(proxy.timesSeen("put")).toBe(2);
    expect(messages).toMatchObject([{ id, item: "item", attempt: 1 }]);
  });

  test("a put whose request is lost is sent again and stored once", async () => {
    const queue = freshQueue<string>();

    const lost = proxy.loseNextRequest("put");
    await queue.put("item");
    await lost;

    expect(proxy.timesSeen("put")).toBe(2);
    expect(await queue.describe()).toMatchObject({ accepted: 1 });
  });

  test("a batch whose reply is lost twice is stored once, in its order", async () => {
    const queue = freshQueue<number>();
    const items = Array.from({ length: 100 }, (_, n) => n);

    const lost = [proxy.loseNextReply("put"), proxy.loseNextReply("put")];
    const ids = await queue.putMany(items);
    await Promise.all(lost);
    const messages = await queue.receive({ max: 1_000 });

    expect(proxy.timesSeen("put")).toBe(3);
    expect(messages.map(({ id, item }) => [id, item])).toEqual(items.map((n) => [ids[n], n]));
  });

  test("a put that waits for room and loses its reply is stored once", async () => {
    const queue = freshQueue<string>();
    await queue.configure({ maxSize: 1 });
    await queue.put("first");

    const lost = proxy.loseNextReply("put");
    const putting = queue.put("second");
    await elsewhere(queue).get();
    await lost;
    await putting;

    expect(await queue.getNowait()).toBe("second");
    expect(await queue.describe()).toMatchObject({ accepted: 2, visible: 0 });
  });

  test("a taskDone whose reply is lost counts once", async () => {
    const queue = freshQueue<number>();
    await queue.putMany([1, 2]);

    const lost = proxy.loseNextReply("done");
    await queue.taskDone();
    await lost;

    expect(proxy.timesSeen("done")).toBe(2);
    expect(await queue.describe()).toMatchObject({ unfinished: 1 });
  });

  test("a get whose message is lost on its way gets it when its lease is over", async () => {
    const queue = freshQueue<string>();
    await queue.put("item");

    const lost = proxy.loseNextReply("receive");
    const getting = queue.get();
    await lost;
    await server.pass(GET_SECONDS, queue.name);

    expect(await getting).toBe("item");
    expect(await queue.describe()).toMatchObject({ accepted: 1, done: 1, leased: 0 });
  });

  test("a get whose ack loses its reply returns the item, and it is not delivered again", async () => {
    const queue = freshQueue<string>();
    await queue.put("item");

    const lost = proxy.loseNextReply("ack");
    const item = await queue.get();
    await lost;

    expect(item).toBe("item");
    expect(proxy.timesSeen("ack")).toBe(2);
    expect(await queue.describe()).toMatchObject({ visible: 0, leased: 0, done: 1, unfinished: 1 });
    await expect(queue.getNowait()).rejects.toThrow(Empty);
  });

  test("a get whose ack is lost returns the item, and it is not delivered again", async () => {
    const queue = freshQueue<string>();
    await queue.put("item");

    const lost = proxy.loseNextRequest("ack");
    const item = await queue.get();
    await lost;

    expect(item).toBe("item");
    expect(await queue.describe()).toMatchObject({ visible: 0, leased: 0, done: 1, unfinished: 1 });
  });

  test("an ack whose reply is lost acks once, and answers false because it cannot be certain", async () => {
    const queue = freshQueue<string>();
    await queue.put("item");
    const [message] = await queue.receive();

    const lost = proxy.loseNextReply("ack");
    const isAcked = await message?.ack();
    await lost;

    expect(isAcked).toBe(false);
    expect(await queue.describe()).toMatchObject({ done: 1, unfinished: 0 });
  });

  test("a retry whose reply is lost gives the message back once, and answers false because it cannot be certain", async () => {
    const queue = freshQueue<string>();
    await queue.put("item");
    const [message] = await queue.receive();

    const lost = proxy.loseNextReply("retry");
    const isRetried = await message?.retry({ error: "failed" });
    await lost;

    expect(isRetried).toBe(false);
    expect(await queue.receive({ max: 10 })).toMatchObject([{ attempt: 2, lastError: "failed" }]);
  });

  test("an extend whose reply is lost holds, and answers true", async () => {
    const queue = freshQueue<string>();
    await queue.put("item");
    const [message] = await queue.receive({ leaseSeconds: 5 });
    const before = message?.leaseEndsAt.getTime() ?? 0;

    const lost = proxy.loseNextReply("extend");
    const isExtended = await message?.extend(600);
    await lost;

    expect(isExtended).toBe(true);
    expect(message?.leaseEndsAt.getTime()).toBeGreaterThanOrEqual(before + 595_000);
  });

  test("a join whose reply is lost still answers", async () => {
    const queue = freshQueue<number>();
    await queue.put(1);

    const lost = proxy.loseNextReply("join");
    const joining = queue.join();
    await queue.taskDone();
    await lost;

    expect(await joining).toBe(true);
  });

  test("without retries a call to a server that cannot be reached throws Unavailable after one try", async () => {
    const queue = manager(0).queue(freshName());
    await proxy.refuse();

    const refusal = queue.put("item");

    await expect(refusal).rejects.toThrow(Unavailable);
    await expect(refusal).rejects.toMatchObject({ code: "unavailable", cause: expect.any(Error) });
    await expect(queue.get()).rejects.toThrow(Unavailable);
    await expect(queue.join()).rejects.toThrow(Unavailable);
  });

  test("without retries a put whose reply is lost throws Unavailable, and its key makes it safe to repeat", async () => {
    const queue = manager(0).queue(freshName());
    const options = { idempotencyKey: "key-of-the-caller" };

    const lost = proxy.loseNextReply("put");
    await expect(queue.put("item", options)).rejects.toThrow(Unavailable);
    await lost;
    await queue.put("item", options);

    expect(await queue.describe()).toMatchObject({ accepted: 1 });
  });

  test("without retries a get whose ack is lost keeps the item", async () => {
    const queue = manager(0).queue(freshName());
    await queue.put("item");

    const lost = proxy.loseNextRequest("ack");
    const item = await queue.get();
    await lost;

    expect(item).toBe("item");
  });

  test("calls wait while connections are refused, and succeed when they are taken again", async () => {
    const queue = freshQueue<string>();
    await queue.put("before");
    await proxy.refuse();

    const calls = [queue.put("during"), queue.describe(), queue.taskDone()];
    await expect(manager(0).connect()).rejects.toThrow(Unavailable);
    await proxy.accept();
    await Promise.all(calls);

    expect(await queue.describe()).toMatchObject({ accepted: 2, unfinished: 1 });
  });

  test("an item that is changed while its put is sent again is stored as it was", async () => {
    const queue = freshQueue<{ n: number }>();
    const item = { n: 1 };

    const lost = proxy.loseNextReply("put");
    const putting = queue.put(item);
    item.n = 2;
    await lost;
    await putting;

    expect(await queue.get()).toEqual({ n: 1 });
    expect(await queue.describe()).toMatchObject({ accepted: 1 });
  });

  test("a put that was refused as full after an earlier try was lost is Unavailable, not certainly Full", async () => {
    const queue = freshQueue<string>();
    await queue.configure({ maxSize: 1 });
    await queue.put("first");

    const lost = proxy.loseNextRequest("put");
    const refusal = queue.putNowait("second");
    await lost;

    await expect(refusal).rejects.toMatchObject({ code: "unavailable", cause: expect.any(Full) });
  });

  for (const verb of ["purge", "delete"] as const) {
    test(`a ${verb} whose reply is lost is not done again, so that nothing put since is removed`, async () => {
      const queue = freshQueue<string>();
      await queue.put("before");

      const lost = proxy.loseNextReply(verb);
      await expect(queue[verb]()).rejects.toThrow(Unavailable);
      await lost;
      await queue.put("after");

      expect(await queue.getNowait()).toBe("after");
    });
  }
});

test("a success that is not JSON comes from a proxy in between, and the call is made again", async () => {
  let answers = 0;
  const throughPortal: typeof fetch = (...request) => {
    answers += 1;
    return answers === 1 ? Promise.resolve(new Response("<html>Sign in</html>")) : fetch(...request);
  };
  const queue = server.manager({ fetch: throughPortal }).queue<string>(freshName());

  await queue.put("item");

  expect(answers).toBe(2);
  expect(await queue.describe()).toMatchObject({ accepted: 1 });
});
