/** Receivers that are down or overloaded: nothing is lost, and no message pays for it. */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Queue } from "../../../worker-client/src/index.ts";
import { freshName, TestServer } from "../../support/server.ts";
import { Receiver } from "../../support/webhooks/receiver.ts";

/** Its queues have a clock that tests move. */
const server = new TestServer({ isMovable: true, allowPrivateWebhooks: true });
let receiver: Receiver;
beforeAll(() => server.start());
afterEach(() => receiver.stop());
afterAll(() => server.remove());

async function pushed(settings: object = {}, options: object = {}): Promise<Queue<unknown>> {
  receiver = await Receiver.start();
  const queue = server.manager().queue<unknown>(freshName());
  await queue.configure({ ...settings, push: { url: receiver.url, ...options } });
  return queue;
}

const stateOf = async (queue: Queue<unknown>) => (await queue.describe()).push?.state;

test("a receiver that is down for a day loses nothing, and no message more than one attempt", async () => {
  const queue = await pushed({ maxAttempts: 3, retryDelaySeconds: 1 });
  await receiver.stop();
  await queue.putMany(Array.from({ length: 20 }, (_, index) => index));
  for (let hour = 0; hour < 24; hour += 1) {
    await expect.poll(() => stateOf(queue)).toBe("waiting");
    await server.pass(3_600, queue.name);
  }
  await receiver.listen();
  await expect
    .poll(async () => {
      await server.pass(300, queue.name);
      return (await queue.describe()).done;
    })
    .toBe(20);
  const attempts = receiver.sent.map(({ batch }) => batch.messages[0]?.attempt ?? 0);

  expect(new Set(receiver.bodies)).toEqual(new Set(Array.from({ length: 20 }, (_, index) => index)));
  expect(Math.max(...attempts)).toBeLessThanOrEqual(2);
  expect(await queue.describe()).toMatchObject({ dead: 0, push: { state: "running" } });
});

test("while the breaker is open nothing is sent, and one batch is the probe", async () => {
  const queue = await pushed({}, { concurrency: 10 });
  receiver.answer = 503;
  await queue.put("first");
  await expect.poll(() => stateOf(queue)).toBe("waiting");
  const { length } = receiver.sent;
  await queue.putMany(Array.from({ length: 50 }, (_, index) => index));

  expect(await queue.describe()).toMatchObject({ leased: 0, push: { inFlight: 0 } });
  expect(receiver.sent).toHaveLength(length);
  await server.pass(2, queue.name);
  await expect.poll(() => receiver.sent.length).toBe(length + 1);
  receiver.answer = 204;
  await server.pass(10, queue.name);
  await expect.poll(() => queue.describe()).toMatchObject({ done: 51, push: { state: "running" } });
  expect(receiver.sent.every(({ batch }) => batch.messages[0]?.attempt === 1)).toBe(true);
});

test("Retry-After holds for as long as it says", async () => {
  const queue = await pushed();
  receiver.answers.push({ status: 429, headers: { "retry-after": "600" } });
  await queue.put("a");
  await expect.poll(() => stateOf(queue)).toBe("waiting");
  await server.pass(590, queue.name);
  expect(await stateOf(queue)).toBe("waiting");
  expect(receiver.sent).toHaveLength(1);
  await server.pass(20, queue.name);
  await expect.poll(() => queue.describe()).toMatchObject({ done: 1 });

  expect(receiver.sent).toHaveLength(2);
});

test("a message that makes its receiver crash is dead at last, and the others are done", async () => {
  const queue = await pushed({ maxAttempts: 3, retryDelaySeconds: 1 });
  receiver.answer = (response, { batch }) => {
    if (batch.messages[0]?.body === "poison") response.destroy();
    else response.writeHead(204).end();
  };
  await queue.put("poison");
  await expect
    .poll(async () => {
      await queue.put("fine");
      await server.pass(30, queue.name);
      return (await queue.describe()).dead;
    })
    .toBe(1);

  const dead = queue.messages({ state: "dead" });
  expect((await dead[Symbol.asyncIterator]().next()).value).toMatchObject({ item: "poison", attempts: 3 });
});

test("another URL is tried at once, also while the breaker is open for the old one", async () => {
  const queue = await pushed();
  await receiver.stop();
  await queue.put("a");
  await expect.poll(() => stateOf(queue)).toBe("waiting");
  receiver = await Receiver.start();
  await queue.configure({ push: { url: receiver.url } });
  await expect.poll(() => queue.describe()).toMatchObject({ done: 1 });

  expect(receiver.bodies).toEqual(["a"]);
});
