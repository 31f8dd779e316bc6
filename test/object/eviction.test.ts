/** An object that leaves memory, in order or in a crash, is the same queue when it comes back. */
import { abortAllDurableObjects, evictDurableObject } from "cloudflare:test";
import { describe, expect, test, vi } from "vitest";
import {
  AUTHORIZATION,
  ack,
  arrival,
  bodiesOf,
  call,
  descriptionOf,
  freshQueue,
  type Leased,
  numbers,
  objectOf,
  pass,
  put,
  receiptsOf,
  receive,
} from "../support/call.ts";

vi.spyOn(console, "error").mockReturnValue();

for (const [title, forget] of [
  ["evicted", (queue: string) => evictDurableObject(objectOf(queue))],
  ["aborted", () => abortAllDurableObjects()],
] as const) {
  describe(`a queue whose object was ${title}`, () => {
    test("has its messages in their order, with what they carry", async () => {
      const queue = freshQueue();
      const ids = await put(queue, numbers(600));
      await call("POST", `${queue}/messages`, { messages: [{ bytes: "AAEC", priority: 3 }] });

      await forget(queue);
      const messages = await receive(queue, { max: 1_000 });

      expect(messages.slice(0, 600).map(({ id, body }) => [id, body])).toEqual(ids.map((id, index) => [id, index]));
      expect(messages.slice(600)).toMatchObject([{ bytes: "AAEC", priority: 3, attempt: 1 }]);
    });

    test("knows which dedupe keys count, and which count no more since a cancel or a purge", async () => {
      const queue = freshQueue();
      const messages = ["a", "b", "c", "d"].map((dedupeKey) => ({ body: dedupeKey, dedupeKey }));
      const putThem = () => call("POST", `${queue}/messages`, { messages });
      const { ids } = (await putThem()).body;
      await ack(queue, await receive(queue));

      await call("DELETE", `${queue}/messages/${ids[1]}`);
      await forget(queue);
      const afterCancel = (await putThem()).body;
      await call("POST", `${queue}/purge`);
      await forget(queue);
      const afterPurge = (await putThem()).body;
      await forget(queue);

      expect([afterCancel.duplicates, afterPurge.duplicates]).toEqual([[0, 2, 3], [0]]);
      expect((await putThem()).body).toEqual({ ids: afterPurge.ids, duplicates: [0, 1, 2, 3] });
    });

    test("keeps leases: nobody else gets the message, and its receipt holds", async () => {
      const queue = freshQueue();
      await put(queue, ["a", "b"]);
      const [a] = await receive(queue, { leaseSeconds: 60 });

      await forget(queue);
      const others = await receive(queue, { max: 10 });
      const acked = await call("POST", `${queue}/ack`, { receipts: [a?.receipt] });

      expect(bodiesOf(others)).toEqual(["b"]);
      expect(acked.body).toEqual({ acked: 1, stale: [] });
    });

    test("knows what was acked, retried and extended", async () => {
      const queue = freshQueue();
      await put(queue, ["acked", "retried", "extended", "late"]);
      const [acked, retried, extended] = (await receive(queue, { max: 3, leaseSeconds: 1 })) as [
        Leased,
        Leased,
        Leased,
      ];
      await ack(queue, [acked]);
      await call("POST", `${queue}/retry`, { receipts: [retried.receipt], error: "no luck", delaySeconds: 0 });
      await call("POST", `${queue}/extend`, { receipts: [extended.receipt], leaseSeconds: 600 });

      await forget(queue);

      expect(await receive(queue, { max: 10 })).toMatchObject([
        { id: retried.id, attempt: 2, lastError: "no luck" },
        { body: "late", attempt: 1 },
      ]);
      expect(await descriptionOf(queue)).toMatchObject({ visible: 0, leased: 3, done: 1, unfinished: 3 });
      const stale = await call("POST", `${queue}/ack`, { receipts: receiptsOf([acked, retried, extended]) });
      expect(stale.body).toEqual({ acked: 1, stale: [acked.receipt, retried.receipt] });
    });

    test("hands out again what a lease that ended meanwhile had held", async () => {
      const queue = freshQueue();
      await put(queue, ["a"]);
      await receive(queue, { leaseSeconds: 1 });

      await forget(queue);
      // And the delay before the second attempt.
      await pass(3, queue);

      expect(await receive(queue)).toMatchObject([{ body: "a", attempt: 2 }]);
    });

    test("knows the keys of its puts and dones", async () => {
      const queue = freshQueue();
      const headers = { ...AUTHORIZATION, "Idempotency-Key": "done" };
      const ids = await put(queue, numbers(300), "put");
      await ack(queue, await receive(queue, { max: 200 }));
      await call("POST", `${queue}/done`, { count: 10 }, headers);

      await forget(queue);
      const again = await put(queue, numbers(300), "put");
      const doneAgain = await call("POST", `${queue}/done`, { count: 10 }, headers);
      const other = await call(
        "POST",
        `${queue}/messages`,
        { messages: [{ body: "other" }] },
        {
          ...AUTHORIZATION,
          "Idempotency-Key": "put",
        },
      );

      expect(again).toEqual(ids);
      expect(doneAgain.body).toEqual({ unfinished: 90 });
      expect(other.body.code).toBe("idempotency_key_reused");
      expect(await descriptionOf(queue)).toMatchObject({ accepted: 300, visible: 100, unfinished: 90 });
    });

    test("keeps its configuration, its counts and its age", async () => {
      const queue = freshQueue();
      await call("PUT", queue, { maxSize: 50, leaseSeconds: 7 });
      await put(queue, numbers(10));
      await ack(queue, await receive(queue, { max: 4 }));
      await call("POST", `${queue}/purge`);
      await put(queue, [1, 2, 3]);
      await receive(queue);
      const { oldestSeconds, ...before } = await descriptionOf(queue);

      await forget(queue);
      const { oldestSeconds: oldestSecondsAfter, ...after } = await descriptionOf(queue);

      expect(after).toEqual(before);
      expect(oldestSecondsAfter).toBeGreaterThanOrEqual(oldestSeconds);
    });

    test("uses its rows again and gives no id twice", async () => {
      const queue = freshQueue();
      const first = await put(queue, numbers(300));
      await ack(queue, await receive(queue, { max: 300 }));

      await forget(queue);
      const second = await put(queue, numbers(300));
      await forget(queue);
      const third = await put(queue, ["last"]);

      expect(new Set([...first, ...second, ...third]).size).toBe(601);
      expect(bodiesOf(await receive(queue, { max: 1_000 }))).toEqual([...numbers(300), "last"]);
    });

    test("is still deleted if it was", async () => {
      const queue = freshQueue();
      await put(queue, ["a"]);
      const [old] = await receive(queue);
      await call("DELETE", queue);

      await forget(queue);

      expect((await call("GET", queue)).body.code).toBe("unknown_queue");
      await put(queue, ["b"]);
      const [fresh] = await receive(queue);
      expect(fresh?.id).not.toBe(old?.id);
      expect((await call("POST", `${queue}/ack`, { receipts: [old?.receipt] })).body).toMatchObject({ acked: 0 });
    });
  });
}

test("a call that waits while its object is aborted is told that nothing is known, and can be made again", async () => {
  const queue = freshQueue();
  await call("PUT", queue, { maxSize: 1 });
  await put(queue, ["a"]);
  const headers = { ...AUTHORIZATION, "Idempotency-Key": "key" };
  const request = { messages: [{ body: "b" }], timeoutSeconds: 20 };

  const waiting = call("POST", `${queue}/messages`, request, headers);
  await arrival(queue);
  await abortAllDurableObjects();
  const interrupted = await waiting;
  await receive(queue);
  const again = await call("POST", `${queue}/messages`, request, headers);

  expect(interrupted).toMatchObject({ status: 503, body: { code: "unavailable" } });
  expect(interrupted.headers.get("Retry-After")).toBe("1");
  expect(again.status).toBe(201);
  expect(await descriptionOf(queue)).toMatchObject({ accepted: 2 });
});
