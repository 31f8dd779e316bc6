import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Queue, QueueManager } from "../../worker-client/src/index.ts";
import { freshName, TestServer } from "../support/server.ts";

const server = new TestServer();

beforeAll(() => server.start());
afterAll(() => server.remove());

const REASON = new Error("The caller does not want it any more.");

/** A manager that tells when its next request is on its way. */
function observed(): { manager: QueueManager; sending: () => Promise<void> } {
  let isSending = () => {};
  const manager = server.manager({
    fetch: (...request) => {
      const answer = fetch(...request);
      isSending();
      return answer;
    },
  });
  const sending = () =>
    new Promise<void>((settle) => {
      isSending = settle;
    });
  return { manager, sending };
}

type Call = (queue: Queue<string>, signal: AbortSignal) => Promise<unknown>;

/** On a queue whose only slot is taken by a message that is not visible, all of these wait. */
const calls: [name: string, call: Call][] = [
  ["put", (queue, signal) => queue.put("item", { signal })],
  ["putMany", (queue, signal) => queue.putMany(["item"], { signal })],
  ["get", (queue, signal) => queue.get({ signal })],
  ["receive", (queue, signal) => queue.receive({ signal })],
  ["join", (queue, signal) => queue.join({ signal })],
];

async function waitingQueue(manager: QueueManager): Promise<Queue<string>> {
  const queue = manager.queue<string>(freshName());
  await queue.configure({ maxSize: 1 });
  await queue.put("there", { delaySeconds: 3_600 });
  return queue;
}

describe.each(calls)("%s", (_, call) => {
  test("ends with the signal's reason when it is aborted while it waits", async () => {
    const { manager, sending } = observed();
    const queue = await waitingQueue(manager);
    const controller = new AbortController();

    const isSent = sending();
    const calling = call(queue, controller.signal);
    await isSent;
    controller.abort(REASON);

    await expect(calling).rejects.toBe(REASON);
    expect(await queue.describe()).toMatchObject({ accepted: 1, delayed: 1 });
  });

  test("sends nothing when its signal is aborted already", async () => {
    let requests = 0;
    const manager = server.manager({
      fetch: (...request) => {
        requests += 1;
        return fetch(...request);
      },
    });
    const queue = manager.queue<string>(freshName());

    await expect(call(queue, AbortSignal.abort(REASON))).rejects.toBe(REASON);

    expect(requests).toBe(0);
  });
});

test("a call that is aborted between two tries ends with the signal's reason", async () => {
  const controller = new AbortController();
  const manager = server.manager({
    fetch: async () => {
      queueMicrotask(() => controller.abort(REASON));
      throw new TypeError("fetch failed");
    },
  });

  await expect(manager.queue(freshName()).get({ signal: controller.signal })).rejects.toBe(REASON);
});

test("connect, describe and queueNames end with the signal's reason", async () => {
  const manager = server.manager();
  const signal = AbortSignal.abort(REASON);

  await expect(manager.connect({ signal })).rejects.toBe(REASON);
  await expect(manager.queue(freshName()).describe({ signal })).rejects.toBe(REASON);
  await expect(manager.queueNames({ signal }).next()).rejects.toBe(REASON);
});
