/** What messages have of their own costs no row: headers, own settings, keys that last until they are done. */
import { evictDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { ack, call, descriptionOf, freshQueue, numbers, objectOf, receive } from "../support/call.ts";

const OPTIONS = {
  headers: { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", tenant: "seven" },
  ...{ maxAttempts: 3, retryDelaySeconds: 2, retentionSeconds: 3_600 },
};

async function putMany(queue: string, count: number, batch: number): Promise<void> {
  const messages = numbers(count).map((number) => {
    return { body: number, ...OPTIONS, dedupeKey: `key-${batch}-${number}`, dedupeUntil: "done" };
  });
  expect((await call("POST", `${queue}/messages`, { messages })).status).toBe(201);
}

test("one caller alone writes at most 3 rows per message that has all of them", async () => {
  const queue = freshQueue();
  await call("PUT", queue, {});
  const before = await descriptionOf(queue);

  for (const message of numbers(100)) {
    await putMany(queue, 1, message);
    await ack(queue, await receive(queue));
  }

  const after = await descriptionOf(queue);
  expect(after.done).toBe(100);
  // Its retention sets an alarm at most every ten seconds, which is a row.
  const ALARMS_MAX = 5;
  expect(after.rowsWritten - before.rowsWritten).toBeLessThanOrEqual(3 * 100 + ALARMS_MAX);
});

test("batches of 100 write at most 0.06 rows per message that has all of them", async () => {
  const queue = freshQueue();
  await call("PUT", queue, {});
  const before = await descriptionOf(queue);

  for (const batch of numbers(20)) {
    await putMany(queue, 100, batch);
    await ack(queue, await receive(queue, { max: 100 }));
  }

  const after = await descriptionOf(queue);
  const rows = (after.rowsWritten - before.rowsWritten) / 2_000;
  console.log(`batches of 100 with headers, own settings and lasting keys: ${rows} rows per message`);
  expect(after.done).toBe(2_000);
  expect(rows).toBeLessThanOrEqual(0.06);
});

test("headers and own settings are there after a restart, and the settings hold", async () => {
  const queue = freshQueue();
  await call("PUT", queue, { retryDelaySeconds: 0 });
  const own = { ...OPTIONS, retryDelaySeconds: 0 };
  await call("POST", `${queue}/messages`, {
    messages: [
      { body: 1, ...own, maxAttempts: 1 },
      { body: 2, ...own },
    ],
  });

  await evictDurableObject(objectOf(queue));
  const messages = await receive(queue, { max: 2 });
  await evictDurableObject(objectOf(queue));
  await call("POST", `${queue}/retry`, { receipts: messages.map(({ receipt }) => receipt) });

  expect(messages).toMatchObject([
    { body: 1, ...own, maxAttempts: 1 },
    { body: 2, ...own },
  ]);
  expect(await descriptionOf(queue)).toMatchObject({ dead: 1, visible: 1 });
});
