/** Batches beside each other, groups, and consumers of other kinds on the same queue. */
import { expect, test } from "vitest";
import { ack, call, descriptionOf, numbers, put, receive } from "../../support/call.ts";
import { consumed, Gate } from "../../support/push/consumed.ts";

test("as many batches are given to handlers at the same time as the consumer says", async () => {
  const going = new Gate();
  const { queue } = consumed(() => going.opened(), { batchSize: 1, concurrency: 3 });

  await put(queue, numbers(10));
  await expect.poll(() => descriptionOf(queue)).toMatchObject({ leased: 3, visible: 7, push: { inFlight: 3 } });
  going.open();

  await expect.poll(() => descriptionOf(queue)).toMatchObject({ done: 10, push: { inFlight: 0 } });
});

test("messages of a group are handled one after the other, in order", async () => {
  const handled: unknown[] = [];
  const running = new Set<unknown>();
  const { queue } = consumed(
    async ({ messages }) => {
      for (const { body, group } of messages) {
        expect(running.has(group)).toBe(false);
        running.add(group);
        await new Promise((resolve) => setTimeout(resolve, 1));
        handled.push(body);
        running.delete(group);
      }
    },
    { batchSize: 5, concurrency: 4 },
  );

  const messages = numbers(30).map((body) => ({ body, group: `g${body % 3}` }));
  await call("POST", `${queue}/messages`, { messages });

  await expect.poll(() => descriptionOf(queue)).toMatchObject({ done: 30 });
  for (const rest of [0, 1, 2]) {
    const ofGroup = handled.filter((body) => (body as number) % 3 === rest);
    expect(ofGroup).toEqual([...ofGroup].sort((a, b) => (a as number) - (b as number)));
  }
});

test("a queue is shared by a push consumer and by receives, and no message is handed to both", async () => {
  const going = new Gate();
  const { queue, seen } = consumed(() => going.opened(), { batchSize: 2, concurrency: 1 });
  await put(queue, numbers(6));
  await expect.poll(() => seen.batches).toEqual([[0, 1]]);

  const received = await receive(queue, { max: 3 });
  await ack(queue, received);
  going.open();

  await expect.poll(() => descriptionOf(queue)).toMatchObject({ done: 6 });
  expect(received.map(({ body }) => body)).toEqual([2, 3, 4]);
  expect(seen.batches).toEqual([[0, 1], [5]]);
});

test("a large message is pushed, and many of them do not come at once", async () => {
  const sizes: number[] = [];
  const { queue } = consumed(({ messages }) => void sizes.push(messages.length), { batchSize: 100, concurrency: 2 });
  const body = "x".repeat(1_000_000);

  for (const _ of numbers(6)) await put(queue, [body, body]);

  await expect.poll(() => descriptionOf(queue)).toMatchObject({ done: 12 });
  expect(Math.max(...sizes)).toBeLessThanOrEqual(3);
});

test("bytes, headers, priority and group arrive as they were put", async () => {
  const messages: unknown[] = [];
  const { queue } = consumed((batch) => void messages.push(...batch.messages));

  await call("POST", `${queue}/messages`, {
    messages: [{ bytes: "AAEC", priority: 7, group: "g", headers: { traceparent: "00-1-2-01" } }],
  });

  await expect
    .poll(() => messages)
    .toMatchObject([
      { body: new Uint8Array([0, 1, 2]), priority: 7, group: "g", headers: { traceparent: "00-1-2-01" }, attempts: 1 },
    ]);
});
