import { describe, expect, test } from "vitest";
import type { Queue, QueueManager } from "../../worker-client/src/index.ts";
import type { FaultyProxy } from "../support/proxy.ts";
import { freshName, TestServer } from "../support/server.ts";
import { runThroughProxy } from "../support/through-proxy.ts";

const server = new TestServer();
let proxy: FaultyProxy;

runThroughProxy(server, (fresh) => {
  proxy = fresh;
});

const REASON = new Error("The caller does not want it any more.");

type Call = (queue: Queue<string>, signal: AbortSignal) => Promise<unknown>;

/** On a queue whose only slot is taken by a message that is not visible, all of these wait. */
const calls: [name: string, verb: "put" | "receive" | "join", call: Call][] = [
  ["put", "put", (queue, signal) => queue.put("item", { signal })],
  ["putMany", "put", (queue, signal) => queue.putMany(["item"], { signal })],
  ["get", "receive", (queue, signal) => queue.get({ signal })],
  ["receive", "receive", (queue, signal) => queue.receive({ signal })],
  ["join", "join", (queue, signal) => queue.join({ signal })],
];

describe.each(["websocket", "http"] as const)("over %s", (transport) => {
  /** A client whose calls go through the proxy. */
  function manager(): QueueManager {
    return server.manager({ address: proxy.address, transport });
  }

  async function waitingQueue(): Promise<Queue<string>> {
    const queue = manager().queue<string>(freshName());
    await queue.configure({ maxSize: 1 });
    await queue.put("there", { delaySeconds: 3_600 });
    return queue;
  }

  describe.each(calls)("%s", (_, verb, call) => {
    test("ends with the signal's reason when it is aborted while it waits", async () => {
      const queue = await waitingQueue();
      const controller = new AbortController();

      const isSent = proxy.nextRequest(verb);
      const calling = call(queue, controller.signal);
      await isSent;
      controller.abort(REASON);

      await expect(calling).rejects.toBe(REASON);
      expect(await queue.describe()).toMatchObject({ accepted: 1, delayed: 1 });
    });

    test("ends with the signal's reason when it is aborted while the server cannot be reached", async () => {
      const queue = await waitingQueue();
      const controller = new AbortController();

      const isLost = proxy.loseNextRequest(verb).then(() => proxy.refuse());
      const calling = call(queue, controller.signal);
      const refusal = expect(calling).rejects.toBe(REASON);
      await isLost;
      controller.abort(REASON);

      await refusal;
    });

    test("sends nothing when its signal is aborted already", async () => {
      const queue = manager().queue<string>(freshName());

      await expect(call(queue, AbortSignal.abort(REASON))).rejects.toBe(REASON);
      await expect(queue.describe()).rejects.toMatchObject({ name: "UnknownQueue" });

      expect(proxy.requests).toEqual(["describe"]);
    });
  });

  test("connect, describe and queueNames end with the signal's reason", async () => {
    const signal = AbortSignal.abort(REASON);

    await expect(manager().connect({ signal })).rejects.toBe(REASON);
    await expect(manager().queue(freshName()).describe({ signal })).rejects.toBe(REASON);
    await expect(manager().queueNames({ signal }).next()).rejects.toBe(REASON);
  });
});

test("a put that is aborted while it waits over a socket is not put later, when there is room", async () => {
  const queue = server.manager({ address: proxy.address }).queue<string>(freshName());
  await queue.configure({ maxSize: 1 });
  await queue.put("there", { delaySeconds: 3_600 });
  const controller = new AbortController();

  const isSent = proxy.nextRequest("put");
  const putting = queue.put("item", { signal: controller.signal });
  await isSent;
  controller.abort(REASON);
  await expect(putting).rejects.toBe(REASON);
  await queue.configure({ maxSize: 2 });

  expect(await queue.describe()).toMatchObject({ accepted: 1, delayed: 1 });
});

test("over HTTP, a get that is aborted while it waits takes no message and costs no attempt", async () => {
  const queue = server.manager({ transport: "http" }).queue<string>(freshName());
  await queue.configure({ maxAttempts: 1 });
  for (let gets = 0; gets < 3; gets += 1) {
    const controller = new AbortController();
    const waiting = queue.get({ signal: controller.signal });
    controller.abort(REASON);
    await expect(waiting).rejects.toBe(REASON);
  }
  const controller = new AbortController();
  const waiting = queue.get({ signal: controller.signal });
  await queue.describe();
  controller.abort(REASON);
  await expect(waiting).rejects.toBe(REASON);

  await queue.put("a");

  expect(await queue.get({ timeoutSeconds: 20 })).toBe("a");
  expect(await queue.describe()).toMatchObject({ dead: 0, visible: 0 });
});
