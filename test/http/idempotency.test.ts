import { expect, test } from "vitest";
import { VERBS } from "../../src/api/verbs/index.ts";
import {
  AUTHORIZATION,
  arrival,
  bodiesOf,
  call,
  descriptionOf,
  freshQueue,
  numbers,
  put,
  receive,
} from "../support/call.ts";

function underKey(key: string): Record<string, string> {
  return { ...AUTHORIZATION, "Idempotency-Key": key };
}

test("a put that is tried again under its key gives the same ids and no second message", async () => {
  const queue = freshQueue();

  const first = await put(queue, ["a", "b"], "key");
  const second = await put(queue, ["a", "b"], "key");

  expect(second).toEqual(first);
  expect(bodiesOf(await receive(queue, { max: 10 }))).toEqual(["a", "b"]);
});

test("a put that is tried again gives the ids of messages that are long gone", async () => {
  const queue = freshQueue();
  const first = await put(queue, ["a"], "key");
  await receive(queue, { autoAck: true });

  const second = await put(queue, ["a"], "key");

  expect(second).toEqual(first);
  expect(await descriptionOf(queue)).toMatchObject({ visible: 0, accepted: 1 });
});

test("a put over several segments that is tried again gives the same ids", async () => {
  const queue = freshQueue();

  const first = await put(queue, numbers(600), "key");
  const second = await put(queue, numbers(600), "key");

  expect(second).toEqual(first);
  expect(await descriptionOf(queue)).toMatchObject({ visible: 600, accepted: 600 });
});

test("the reply to a put says which of its messages are duplicates, and says so again when it is repeated", async () => {
  const queue = freshQueue();
  const messages = ["a", "b", "c", undefined, "b"].map((dedupeKey, body) => ({ body, dedupeKey }));
  const without = await call("POST", `${queue}/messages`, { messages: [{ body: 0, dedupeKey: "a" }] });

  const first = await call("POST", `${queue}/messages`, { messages }, underKey("key"));
  const second = await call("POST", `${queue}/messages`, { messages }, underKey("key"));
  const third = await call("POST", `${queue}/messages`, { messages: messages.slice(0, 3) }, underKey("other"));

  expect(Object.keys(without.body)).toEqual(["ids"]);
  expect(VERBS.put.reply.parse(first.body)).toEqual({ ids: first.body.ids, duplicates: [0, 4] });
  expect(first.body.ids[0]).toBe(without.body.ids[0]);
  expect(first.body.ids[4]).toBe(first.body.ids[1]);
  expect(second.body).toEqual(first.body);
  expect(third.body).toEqual({ ids: first.body.ids.slice(0, 3), duplicates: [0, 1, 2] });
  expect(await descriptionOf(queue)).toMatchObject({ accepted: 4 });
});

test("puts under one key that arrive together make one message", async () => {
  const queue = freshQueue();

  const ids = await Promise.all(numbers(10).map(() => put(queue, ["a"], "key")));

  expect(new Set(ids.flat()).size).toBe(1);
  expect(await descriptionOf(queue)).toMatchObject({ visible: 1, accepted: 1 });
});

for (const [difference, messages] of [
  ["body", [{ body: "b" }]],
  ["number of messages", [{ body: "a" }, { body: "a" }]],
  ["priority", [{ body: "a", priority: 1 }]],
  ["delay", [{ body: "a", delaySeconds: 1 }]],
] as const) {
  test(`a known key with another ${difference} is refused and changes nothing`, async () => {
    const queue = freshQueue();
    await put(queue, ["a"], "key");

    const reply = await call("POST", `${queue}/messages`, { messages }, underKey("key"));

    expect(reply.status).toBe(422);
    expect(reply.body.code).toBe("idempotency_key_reused");
    expect(await descriptionOf(queue)).toMatchObject({ visible: 1, accepted: 1 });
  });
}

test("the same put under other keys, or none, makes new messages", async () => {
  const queue = freshQueue();

  const ids = [await put(queue, ["a"], "1"), await put(queue, ["a"], "2"), await put(queue, ["a"])].flat();

  expect(new Set(ids).size).toBe(3);
});

test("keys of one queue mean nothing to another", async () => {
  const [one, other] = [freshQueue(), freshQueue()];
  await put(one, ["a"], "key");

  await put(other, ["b"], "key");

  expect(bodiesOf(await receive(other))).toEqual(["b"]);
});

for (const [title, key] of [
  ["empty", ""],
  ["too long", "k".repeat(256)],
  ["holding a space", "a b"],
  ["holding a tab", "a\tb"],
  ["not ASCII", "clé"],
] as const) {
  test(`a key that is ${title} is refused`, async () => {
    const queue = freshQueue();

    const reply = await call("POST", `${queue}/messages`, { messages: [{ body: 1 }] }, underKey(key));

    expect(reply.status).toBe(400);
    expect(reply.body).toMatchObject({ code: "invalid", errors: [{ path: "Idempotency-Key" }] });
    expect((await call("GET", queue)).status).toBe(404);
  });
}

for (const key of ["k".repeat(255), '!"#%&\\~{}[]', "__proto__"]) {
  test(`a key like ${key.slice(0, 20)} is remembered`, async () => {
    const queue = freshQueue();

    const [first, second] = [await put(queue, ["a"], key), await put(queue, ["a"], key)];

    expect(second).toEqual(first);
  });
}

test("a done that is tried again under its key counts once", async () => {
  const queue = freshQueue();
  await put(queue, ["a", "b"]);
  await receive(queue, { max: 2, autoAck: true });

  const first = await call("POST", `${queue}/done`, { count: 1 }, underKey("done"));
  const second = await call("POST", `${queue}/done`, { count: 1 }, underKey("done"));
  const other = await call("POST", `${queue}/done`, { count: 2 }, underKey("done"));

  expect([first.body, second.body]).toEqual([{ unfinished: 1 }, { unfinished: 1 }]);
  expect(other.body.code).toBe("idempotency_key_reused");
  expect(await descriptionOf(queue)).toMatchObject({ unfinished: 1 });
});

for (const [outcome, timeoutSeconds, isRoomMade] of [
  ["made", 20, true],
  ["refused", 0.1, false],
] as const) {
  test(`a put that waits for room and is tried again is ${outcome} once, and both tries are told so`, async () => {
    const queue = freshQueue();
    await call("PUT", queue, { maxSize: 1 });
    await put(queue, ["a"]);
    const request = (timeout: number) => ({ messages: [{ body: "b" }], timeoutSeconds: timeout });

    const first = call("POST", `${queue}/messages`, request(20), underKey("key"));
    await arrival(queue);
    const second = call("POST", `${queue}/messages`, request(timeoutSeconds), underKey("key"));
    await arrival(queue);
    if (isRoomMade) await receive(queue);
    const replies = await Promise.all([first, second]);
    if (!isRoomMade) await receive(queue);

    expect(replies[0].body).toEqual(replies[1].body);
    expect(replies[1].status).toBe(isRoomMade ? 201 : 409);
    expect(await descriptionOf(queue)).toMatchObject({ accepted: isRoomMade ? 2 : 1 });
  });
}

test("another put under the key of one that waits for room is refused, and the first goes on waiting", async () => {
  const queue = freshQueue();
  await call("PUT", queue, { maxSize: 1 });
  await put(queue, ["a"]);

  const first = call("POST", `${queue}/messages`, { messages: [{ body: "b" }], timeoutSeconds: 20 }, underKey("key"));
  await arrival(queue);
  const other = await call("POST", `${queue}/messages`, { messages: [{ body: "c" }] }, underKey("key"));
  await receive(queue);

  expect(other.body.code).toBe("idempotency_key_reused");
  expect((await first).status).toBe(201);
});

test("a put that is tried again after the bound was lowered below its size is known all the same", async () => {
  const queue = freshQueue();
  const first = await put(queue, ["a", "b"], "key");
  await call("PUT", queue, { maxSize: 1 });

  const second = await put(queue, ["a", "b"], "key");

  expect(second).toEqual(first);
});
