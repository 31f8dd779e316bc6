/** What went wrong for users of other queues with priorities, delays, deduplication, headers and dead letters. */
import { expect, test } from "vitest";
import { bodiesOf, call, freshQueue, nameOf, pass, put, receiptsOf, receive } from "../support/call.ts";

async function putAll(queue: string, messages: object[]): Promise<string[]> {
  const { status, body } = await call("POST", `${queue}/messages`, { messages });
  expect(status).toBe(201);
  return body.ids;
}

test("a message that is retried keeps the priority that it was changed to", async () => {
  const queue = freshQueue();
  await call("PUT", queue, { order: "priority", retryDelaySeconds: 0 });
  const [low] = await putAll(queue, [
    { body: "low", priority: 200 },
    { body: "middle", priority: 100 },
  ]);
  await call("PATCH", `${queue}/messages/${low}`, { priority: 7 });

  const first = await receive(queue);
  expect(bodiesOf(first)).toEqual(["low"]);
  await call("POST", `${queue}/retry`, { receipts: receiptsOf(first) });

  expect(await receive(queue)).toMatchObject([{ id: low, body: "low", priority: 7, attempt: 2 }]);
});

test("messages that become visible at the same time are handed out by priority, before those that waited with less", async () => {
  const queue = freshQueue();
  await call("PUT", queue, { order: "priority" });
  await putAll(queue, [
    { body: "waits", priority: 100 },
    { body: "later 200", priority: 200, delaySeconds: 5 },
    { body: "later 1", priority: 1, delaySeconds: 5 },
    { body: "later 50", priority: 50, delaySeconds: 5 },
  ]);

  await pass(6, queue);

  expect(bodiesOf(await receive(queue, { max: 4 }))).toEqual(["later 1", "later 50", "waits", "later 200"]);
});

test("a delay that is prolonged again and again counts from the last change, and not from the put", async () => {
  const queue = freshQueue();
  const [id] = await putAll(queue, [{ body: "end of session", delaySeconds: 30 }]);

  for (let change = 0; change < 4; change += 1) {
    await pass(20, queue);
    await call("PATCH", `${queue}/messages/${id}`, { delaySeconds: 30 });
    expect(await receive(queue)).toEqual([]);
  }
  await pass(31, queue);

  expect(bodiesOf(await receive(queue))).toEqual(["end of session"]);
});

test("a key that lasts until its message is done counts while that waits for its next attempt, and ends with the ack", async () => {
  const queue = freshQueue();
  const task = { body: "sync", dedupeKey: "sync-7", dedupeUntil: "done" };
  const [id] = await putAll(queue, [task]);
  await call("POST", `${queue}/retry`, { receipts: receiptsOf(await receive(queue)), delaySeconds: 1_000 });
  await pass(900, queue);

  // The id of a duplicate is that of a message that there is.
  expect(await putAll(queue, [task])).toEqual([id]);
  expect((await call("GET", `${queue}/messages/${id}`)).body).toMatchObject({ state: "delayed", attempts: 1 });

  await call("POST", `${queue}/messages/${id}/promote`);
  await call("POST", `${queue}/ack`, { receipts: receiptsOf(await receive(queue)) });
  expect(await putAll(queue, [task])).not.toEqual([id]);
});

test("a message that is removed does not free the key that a newer one has", async () => {
  const queue = freshQueue();
  await call("PUT", queue, { maxAttempts: 1 });
  const task = { body: "sync", dedupeKey: "sync-7", dedupeUntil: "done" };
  const [dead] = await putAll(queue, [task]);
  await call("POST", `${queue}/retry`, { receipts: receiptsOf(await receive(queue)) });
  const [newer] = await putAll(queue, [task]);
  expect(newer).not.toBe(dead);

  await call("DELETE", `${queue}/messages/${dead}`);

  expect(await putAll(queue, [task])).toEqual([newer]);
});

test("a message that dies again and again keeps its headers and its own settings, and does not grow", async () => {
  const [tasks, dead] = [freshQueue(), freshQueue()];
  await call("PUT", tasks, { maxAttempts: 1, deadLetterQueue: nameOf(dead) });
  const headers = { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", tenant: "ü" };
  await putAll(tasks, [{ body: "poison", headers, maxAttempts: 1, retryDelaySeconds: 7 }]);

  const sizes: number[] = [];
  for (let death = 0; death < 5; death += 1) {
    await call("POST", `${tasks}/reject`, { receipts: receiptsOf(await receive(tasks)) });
    await pass(1, tasks);
    const { body } = await call("GET", `${dead}/messages`);
    expect(body.messages).toMatchObject([{ body: "poison", headers, maxAttempts: 1, retryDelaySeconds: 7 }]);
    sizes.push(JSON.stringify(body.messages).length);
    await call("POST", `${dead}/redrive`, {});
    expect(await call("GET", `${dead}/messages`)).toMatchObject({ body: { messages: [] } });
  }
  expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThan(20);
});

test("headers count in the size of a put, and more than there may be are refused with the rule", async () => {
  const queue = freshQueue();
  const long = { body: 1, headers: { a: "ü".repeat(4_090) } };

  const tooMuch = await call("POST", `${queue}/messages`, {
    messages: [{ body: 1, headers: { a: "ü".repeat(4_096) } }],
  });
  const batch = await call("POST", `${queue}/messages`, {
    messages: [...Array(900).fill(long), ...Array(2).fill({ body: "x".repeat(1_000_000) })],
  });

  expect(tooMuch.body).toMatchObject({
    code: "invalid",
    detail: "messages[0].headers must have at most 8192 bytes together.",
  });
  expect(batch.body).toMatchObject({ status: 413, code: "too_large" });
  expect((await put(queue, ["small"])).length).toBe(1);
});

test.each([
  [{ "Content-Type": "x" }, "must have names of 1 to 64 of a-z 0-9 and -"],
  [{ "dq-other": "x" }, "must have no name that begins with dq-, but for dq-task and dq-chunk"],
  [
    { "dq-task": "a b" },
    "must have the name of a task as dq-task: 1 to 64 of A-Z a-z 0-9 . _ -, the first a letter or a digit",
  ],
  [{ retries: 3 }, "must have text as the value of retries"],
  [["a"], "must be an object"],
  [Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`h${index}`, ""])), "must have at most 32 entries"],
])("headers %j are refused: they %s", async (headers, rule) => {
  const { status, body } = await call("POST", `${freshQueue()}/messages`, { messages: [{ body: 1, headers }] });

  expect({ status, detail: body.detail }).toEqual({ status: 400, detail: `messages[0].headers ${rule}.` });
});
