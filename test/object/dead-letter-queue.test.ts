/** Between two objects anything can be lost: calls, answers, the objects themselves. Messages are not, nor are they doubled. */
import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { beforeEach, expect, test, vi } from "vitest";
import { REPORT_MS } from "../../src/api/directory-calls.ts";
import { OWNER } from "../../src/api/keys/principal.ts";
import { QueueObject } from "../../src/object/queue-object.ts";
import {
  bodiesOf,
  call,
  descriptionOf,
  freshQueue,
  nameOf,
  objectOf,
  pass,
  put,
  receiptsOf,
  receive,
} from "../support/call.ts";

beforeEach(() => {
  vi.restoreAllMocks();
  vi.spyOn(console, "error").mockReturnValue();
});

const POLL = { interval: 20 };

/** More than a second, and so much more as an alarm may come late: alarms are set to multiples of ten seconds. */
const SECONDS = 12;

async function isAlarmSet(queue: string): Promise<boolean> {
  return runInDurableObject(objectOf(queue), async (_, { storage }) => (await storage.getAlarm()) !== null);
}

async function pair(settings: object = {}): Promise<[tasks: string, dead: string]> {
  const [tasks, dead] = [freshQueue(), freshQueue()];
  await call("PUT", tasks, { maxAttempts: 1, deadLetterQueue: nameOf(dead), ...settings });
  return [tasks, dead];
}

async function fail(queue: string): Promise<void> {
  await call("POST", `${queue}/retry`, { receipts: receiptsOf(await receive(queue, { max: 100 })) });
}

/** Lets the first call between the objects happen, or not, and its answer be lost. */
function loseAnswer({ isHeard }: { isHeard: boolean }): void {
  const { receiveTransfer } = QueueObject.prototype;
  let isFirst = true;
  vi.spyOn(QueueObject.prototype, "receiveTransfer").mockImplementation(async function (this: QueueObject, transfer) {
    if (!isFirst) return receiveTransfer.call(this, transfer);
    isFirst = false;
    if (isHeard) await receiveTransfer.call(this, transfer);
    throw new Error("The connection was cut.");
  });
}

for (const isHeard of [true, false]) {
  test(`a dead letter whose transfer was cut ${isHeard ? "after" : "before"} it arrived is there once`, async () => {
    const [tasks, dead] = await pair();
    await put(tasks, ["poison"]);
    loseAnswer({ isHeard });

    await fail(tasks);
    await expect.poll(() => descriptionOf(tasks), POLL).toMatchObject({ transferring: 1, dead: 0 });
    await abortAllDurableObjects();
    await runDurableObjectAlarm(objectOf(tasks));

    await expect.poll(() => descriptionOf(tasks), POLL).toMatchObject({ transferring: 0, transferred: 1 });
    expect(bodiesOf(await receive(dead, { max: 10 }))).toEqual(["poison"]);
    expect(await descriptionOf(dead)).toMatchObject({ accepted: 1 });
  });
}

test("a redrive with an unknown outcome reports that, and arrives once", async () => {
  const [tasks, other] = [freshQueue(), freshQueue()];
  await call("PUT", tasks, { maxAttempts: 1 });
  await put(tasks, ["a", "b"]);
  await fail(tasks);
  loseAnswer({ isHeard: true });

  const reply = await call("POST", `${tasks}/redrive`, { to: nameOf(other) });
  await abortAllDurableObjects();
  await runDurableObjectAlarm(objectOf(tasks));

  expect(reply).toMatchObject({ status: 503, body: { code: "unavailable" } });
  await expect.poll(() => descriptionOf(tasks), POLL).toMatchObject({ transferring: 0, transferred: 2 });
  expect(bodiesOf(await receive(other, { max: 10 }))).toEqual(["a", "b"]);
});

test("a message whose lease expires reaches the dead-letter queue although no client calls its queue", async () => {
  const [tasks, dead] = await pair();
  await put(tasks, ["poison"]);
  await receive(tasks, { leaseSeconds: 1 });
  await abortAllDurableObjects();

  // Nothing but the alarm looks at the queue meanwhile.
  await pass(SECONDS, tasks);

  expect(bodiesOf(await receive(dead))).toEqual(["poison"]);
});

test("an expired message frees its storage although no client calls its queue", async () => {
  const queue = freshQueue();
  await call("PUT", queue, { retentionSeconds: 1 });
  await put(queue, ["old"]);
  await abortAllDurableObjects();

  expect(await isAlarmSet(queue)).toBe(true);
  await pass(SECONDS + REPORT_MS / 1_000, queue);

  expect(await isAlarmSet(queue)).toBe(false);
  expect(await descriptionOf(queue)).toMatchObject({ expired: 1, visible: 0 });
});

test("a queue without dead-letter queue and retention sets no alarm but the one that reports its counts", async () => {
  const queue = freshQueue();
  await put(queue, [1, 2, 3]);
  await receive(queue, { leaseSeconds: 1 });

  await pass(REPORT_MS / 1_000, queue);

  expect(await isAlarmSet(queue)).toBe(false);
});

test("an alarm that goes off during a commit is not the last one", async () => {
  const [tasks] = await pair();
  await put(tasks, ["poison"]);
  await receive(tasks, { leaseSeconds: 60 });

  await runInDurableObject(objectOf(tasks), async (instance: QueueObject, { storage }) => {
    for (let turn = 0; turn < 20; turn += 1) {
      await storage.deleteAlarm();
      const batch = instance.ask("extend", { receipts: ["none"], leaseSeconds: 1 }, { principal: OWNER });
      for (let wait = 0; wait < turn; wait += 1) await Promise.resolve();
      await Promise.all([batch, instance.alarm()]);

      expect(await storage.getAlarm()).toBeGreaterThan(Date.now());
    }
  });
});
