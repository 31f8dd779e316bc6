/** What Cloudflare bills, by the queue's own counter, which adds up what the storage engine reports for each write. */
import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { ack, call, freshQueue, inspect, numbers, objectOf, put, receive } from "../support/call.ts";
import { interceptStatements } from "../support/storage.ts";

/** Rows that this many messages cost, from the first put to the last ack, by the message. */
async function rowsPerMessage(queue: string, messages: number, work: () => Promise<void>): Promise<number> {
  const before = await inspect(queue);
  await work();
  const after = await inspect(queue);
  expect(after.done - before.done, "messages that went through").toBe(messages);
  return (after.rowsWritten - before.rowsWritten) / messages;
}

/** Puts a message, receives one and acks it. */
async function oneMessage(queue: string, key?: string): Promise<void> {
  await put(queue, [{ task: "resize", image: 7 }], key);
  await ack(queue, await receive(queue, { timeoutSeconds: 10 }));
}

for (const [title, keyOf] of [
  ["without idempotency keys", () => undefined],
  ["with an idempotency key for each put", (message: number) => `key-${message}`],
] as const) {
  test(`one caller alone writes at most 3 rows per message, ${title}`, async () => {
    const queue = freshQueue();
    await call("PUT", queue, {});

    const rows = await rowsPerMessage(queue, 200, async () => {
      for (const message of numbers(200)) await oneMessage(queue, keyOf(message));
    });

    console.log(`one caller, ${title}: ${rows} rows per message`);
    expect(rows).toBeLessThanOrEqual(3);
  });
}

for (const size of [100, 1_000]) {
  test(`batches of ${size} write at most 0.05 rows per message`, async () => {
    const queue = freshQueue();
    await call("PUT", queue, {});

    const rows = await rowsPerMessage(queue, 10_000, async () => {
      for (const batch of numbers(10_000 / size)) {
        await put(queue, numbers(size), `batch-${batch}`);
        await ack(queue, await receive(queue, { max: size }));
      }
    });

    console.log(`batches of ${size}: ${rows} rows per message`);
    expect(rows).toBeLessThanOrEqual(0.05);
  });
}

test("a backlog of batches writes at most 0.05 rows per message", async () => {
  const queue = freshQueue();
  await call("PUT", queue, {});

  const rows = await rowsPerMessage(queue, 10_000, async () => {
    for (const batch of numbers(100)) await put(queue, numbers(100), `batch-${batch}`);
    for (const _ of numbers(100)) await ack(queue, await receive(queue, { max: 100 }));
  });

  console.log(`a backlog of 10,000 in batches of 100: ${rows} rows per message`);
  expect(rows).toBeLessThanOrEqual(0.05);
});

test("the counter says what the storage engine says of each statement, from the first table on", async () => {
  const queue = freshQueue();
  let rows = 0;
  await interceptStatements(objectOf(queue), {
    after: (rowsWritten) => {
      rows += rowsWritten;
    },
  });

  await put(queue, numbers(300), "key");
  await call("PUT", queue, { maxSize: 1_000 });
  await ack(queue, await receive(queue, { max: 299 }));
  await oneMessage(queue);
  await call("POST", `${queue}/purge`);

  expect(rows).toBeGreaterThan(0);
  expect((await inspect(queue)).rowsWritten).toBe(rows);
});

test("a caller alone, with keys, uses few rows over and over", async () => {
  const queue = freshQueue();
  for (const message of numbers(500)) await oneMessage(queue, `key-${message}`);

  const rows = await runInDurableObject(objectOf(queue), (_, { storage: { sql } }) =>
    sql.exec<{ rows: number }>("SELECT count(*) AS rows FROM blocks").one(),
  );

  expect(rows.rows).toBeLessThanOrEqual(500 / 64 + 2);
});
