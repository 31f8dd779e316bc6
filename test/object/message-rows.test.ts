/** What headers, own rules and keys that count until a message is done are billed, by the queue's own counter. */
import { evictDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { ack, call, descriptionOf, freshQueue, numbers, objectOf, receive } from "../support/call.ts";

const OPTIONS = {
  headers: { traceparent: "00-1-2-01" },
  maxAttempts: 5,
  retryDelaySeconds: 1,
  retentionSeconds: 3_600,
};

test("messages with headers, own rules and keys until they are done cost no row more, in batches or alone", async () => {
  const queue = freshQueue();
  await call("PUT", queue, {});
  const before = await descriptionOf(queue);
  for (const batch of numbers(10)) {
    const messages = numbers(100).map((body) => {
      const dedupe = { dedupeKey: `key-${batch}-${body}`, dedupeUntil: "done" };
      return { body, ...dedupe, ...OPTIONS, maxAttempts: 1 + (body % 3) };
    });
    await call("POST", `${queue}/messages`, { messages });
    await ack(queue, await receive(queue, { max: 100 }));
  }
  const afterBatches = await descriptionOf(queue);
  await call("POST", `${queue}/messages`, {
    messages: [{ body: 1, dedupeKey: "one", dedupeUntil: "done", ...OPTIONS }],
  });
  await ack(queue, await receive(queue));
  const after = await descriptionOf(queue);

  expect(after.done - before.done).toBe(1_001);
  // A put, a lease and an ack: one row each, whatever the size of the batch; and the alarms at which messages expire.
  expect(afterBatches.rowsWritten - before.rowsWritten).toBeLessThanOrEqual(30 + 2);
  expect(after.rowsWritten - afterBatches.rowsWritten).toBeLessThanOrEqual(3);
});

test("headers and own rules are there after a restart, and the rules hold", async () => {
  const queue = freshQueue();
  await call("PUT", queue, { retryDelaySeconds: 0 });
  await call("POST", `${queue}/messages`, { messages: [{ body: 1, ...OPTIONS, maxAttempts: 1 }, { body: 2 }] });

  await evictDurableObject(objectOf(queue));
  const messages = await receive(queue, { max: 2 });
  await evictDurableObject(objectOf(queue));
  await call("POST", `${queue}/retry`, { receipts: messages.map(({ receipt }) => receipt) });

  expect(messages).toMatchObject([{ body: 1, ...OPTIONS, maxAttempts: 1 }, { body: 2 }]);
  expect(await descriptionOf(queue)).toMatchObject({ dead: 1, visible: 1 });
});
