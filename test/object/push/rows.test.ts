/** What Cloudflare bills for messages that are pushed, in rows written, alarms among them. */
import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { call, descriptionOf, freshQueueInUse, nameOf, numbers, objectOf, pass, put } from "../../support/call.ts";
import { setConsumer } from "../../support/movable-worker/test-consumers.ts";

/** A queue in use, with a consumer that acks all. */
async function consumedQueue(batchSize: number): Promise<string> {
  const queue = await freshQueueInUse();
  setConsumer(nameOf(queue), { batchSize, queue: (batch) => batch.ackAll() });
  await call("PUT", queue, {});
  return queue;
}

/** Rows that a message costs from its put until it is handled, over so many. */
async function rowsPerMessage(queue: string, messages: number, work: () => Promise<unknown>): Promise<number> {
  const { rowsWritten } = await descriptionOf(queue);
  await work();
  await expect.poll(() => descriptionOf(queue), { interval: 5 }).toMatchObject({ done: messages, unfinished: 0 });
  return ((await descriptionOf(queue)).rowsWritten - rowsWritten) / messages;
}

const putBatch = (queue: string, batch: number) => put(queue, numbers(100), `batch-${batch}`);

test("messages in batches of 100 that are pushed cost at most 0.05 rows each", async () => {
  const queue = await consumedQueue(100);

  const rows = await rowsPerMessage(queue, 10_000, async () => {
    for (const batch of numbers(100)) await putBatch(queue, batch);
  });

  console.log(`batches of 100, pushed: ${rows} rows per message`);
  expect(rows).toBeLessThanOrEqual(0.05);
});

test("batches that are put one after the other is handled cost no more", async () => {
  const queue = await consumedQueue(100);

  const rows = await rowsPerMessage(queue, 2_000, async () => {
    for (const batch of numbers(20)) {
      await putBatch(queue, batch);
      await expect.poll(() => descriptionOf(queue), { interval: 5 }).toMatchObject({ done: 100 * (batch + 1) });
    }
  });

  console.log(`batches of 100, one at a time: ${rows} rows per message`);
  expect(rows).toBeLessThanOrEqual(0.05);
});

test("a message alone costs 2 rows: put and lease share one, and the ack", async () => {
  const queue = await consumedQueue(10);

  const rows = await rowsPerMessage(queue, 100, async () => {
    for (const message of numbers(100)) {
      await put(queue, [message]);
      await expect.poll(() => descriptionOf(queue), { interval: 5 }).toMatchObject({ done: message + 1 });
    }
  });

  console.log(`one message at a time, pushed: ${rows} rows per message`);
  expect(rows).toBeLessThanOrEqual(2);
});

test("the messages of 32 callers share rows: at most 0.2 each", async () => {
  const queue = await consumedQueue(10);

  const rows = await rowsPerMessage(queue, 960, () =>
    Promise.all(
      numbers(32).map(async (caller) => {
        for (const message of numbers(30)) await put(queue, [`${caller}-${message}`]);
      }),
    ),
  );

  console.log(`32 callers, pushed: ${rows} rows per message`);
  expect(rows).toBeLessThanOrEqual(0.2);
});

test("a queue whose messages are handled sets no further alarm, and one message in a minute costs 3 rows", async () => {
  const queue = await consumedQueue(10);
  await pass(120, queue);

  const rows = await rowsPerMessage(queue, 5, async () => {
    for (const message of numbers(5)) {
      await put(queue, [message]);
      await pass(61, queue);
    }
  });

  expect(rows).toBeLessThanOrEqual(3);
  await pass(120, queue);
  expect(await runInDurableObject(objectOf(queue), (_, { storage }) => storage.getAlarm())).toBeNull();
});
