import { expect, test } from "vitest";
import { ack, bodiesOf, call, freshQueue, inspect, put, receiptsOf, receive } from "../support/call.ts";

test("a leased message is handed to nobody else", async () => {
  const queue = freshQueue();
  await put(queue, ["a"]);
  await receive(queue);

  expect(await receive(queue)).toEqual([]);
  expect(await inspect(queue)).toMatchObject({ visible: 0, leased: 1, unfinished: 1 });
});

test("a message whose lease is over is delivered again, with the next attempt and a new receipt", async () => {
  const queue = freshQueue();
  await put(queue, ["a", "b"]);

  const [first] = await receive(queue, { leaseSeconds: 1 });
  const [second] = await receive(queue);
  const [again] = await receive(queue, { timeoutSeconds: 5 });

  expect(again).toMatchObject({ id: first?.id, body: "a", attempt: 2 });
  expect(again?.receipt).not.toBe(first?.receipt);
  expect(second).toMatchObject({ body: "b", attempt: 1 });
});

test("a redelivered message keeps its place before those that were put later", async () => {
  const queue = freshQueue();
  await put(queue, ["a", "b", "c"]);
  const leased = await receive(queue, { max: 2 });

  await call("POST", `${queue}/retry`, { receipts: receiptsOf(leased) });

  expect(bodiesOf(await receive(queue, { max: 10 }))).toEqual(["a", "b", "c"]);
});

test("a queue's own leaseSeconds holds for a receive that says none", async () => {
  const queue = freshQueue();
  await call("PUT", queue, { leaseSeconds: 1 });
  await put(queue, ["a"]);
  await receive(queue);

  expect(await receive(queue, { timeoutSeconds: 5 })).toMatchObject([{ body: "a", attempt: 2 }]);
});

for (const [verb, request, changed] of [
  ["ack", {}, "acked"],
  ["retry", { delaySeconds: 60, error: "too late" }, "retried"],
  ["extend", { leaseSeconds: 60 }, "extended"],
] as const) {
  test(`${verb} reports receipts whose lease is over, and they change nothing`, async () => {
    const queue = freshQueue();
    await put(queue, ["a", "b", "c"]);
    const [old] = await receive(queue);
    await call("POST", `${queue}/retry`, { receipts: [old?.receipt] });
    const [current, acked, held] = await receive(queue, { max: 3 });
    await call("POST", `${queue}/ack`, { receipts: [acked?.receipt] });
    const before = await inspect(queue);

    const reply = await call("POST", `${queue}/${verb}`, { receipts: [old?.receipt, acked?.receipt], ...request });

    expect(reply.body).toMatchObject({ [changed]: 0, stale: [old?.receipt, acked?.receipt] });
    expect({ ...(await inspect(queue)), oldestSeconds: 0 }).toEqual({ ...before, oldestSeconds: 0 });
    const stillGood = await call("POST", `${queue}/ack`, { receipts: [current?.receipt, held?.receipt] });
    expect(stillGood.body).toEqual({ acked: 2, stale: [] });
  });

  test(`${verb} applies to the good receipts among stale ones`, async () => {
    const queue = freshQueue();
    await put(queue, ["a", "b", "c"]);
    const [a, b, c] = await receive(queue, { max: 3 });
    await call("POST", `${queue}/ack`, { receipts: [b?.receipt] });

    const reply = await call("POST", `${queue}/${verb}`, { receipts: [a, b, c].map((it) => it?.receipt), ...request });

    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({ [changed]: 2, stale: [b?.receipt] });
  });

  test(`${verb} takes a receipt that was never given for a stale one`, async () => {
    const queue = freshQueue();
    await put(queue, ["a"]);
    const [leased] = await receive(queue);
    const [incarnation = ""] = leased?.receipt.split("-") ?? [];
    const receipts = [
      ...[
        "garbage",
        "0",
        "-",
        "1-1-0-1",
        "💥",
        " ",
        `${leased?.receipt}0`,
        `${leased?.receipt} `,
        `x${leased?.receipt}`,
      ],
      ...[leased?.id, `${incarnation}-1-1-1`, `${incarnation}-2-0-1`, `${incarnation}-999999999999999-999999-1`],
      ...[`${incarnation}-1-0-0`, `${incarnation}-01-0-1`, "x".repeat(128)],
    ];

    const reply = await call("POST", `${queue}/${verb}`, { receipts, ...request });

    expect(reply.body).toMatchObject({ [changed]: 0, stale: receipts });
    expect(await inspect(queue)).toMatchObject({ leased: 1, done: 0 });
  });
}

test("a receipt that is given twice in one ack counts once", async () => {
  const queue = freshQueue();
  await put(queue, ["a", "b"]);
  const [a, b] = await receive(queue, { max: 2 });

  const reply = await call("POST", `${queue}/ack`, { receipts: [a?.receipt, b?.receipt, a?.receipt] });

  expect(reply.body).toEqual({ acked: 2, stale: [a?.receipt] });
  expect(await inspect(queue)).toMatchObject({ done: 2, unfinished: 0 });
});

test("an ack that does not finish leaves the message unfinished until it is reported done", async () => {
  const queue = freshQueue();
  await put(queue, ["a"]);
  const leased = await receive(queue);

  const reply = await call("POST", `${queue}/ack`, { receipts: receiptsOf(leased), finish: false });
  const afterAck = await inspect(queue);
  await call("POST", `${queue}/done`, { count: 1 });

  expect(reply.body).toEqual({ acked: 1, stale: [] });
  expect(afterAck).toMatchObject({ visible: 0, leased: 0, done: 1, unfinished: 1 });
  expect(await inspect(queue)).toMatchObject({ done: 1, unfinished: 0 });
});

test("a retried message is visible at once and carries the error of its last attempt", async () => {
  const queue = freshQueue();
  await put(queue, ["a"]);
  const [first] = await receive(queue);

  const reply = await call("POST", `${queue}/retry`, { receipts: [first?.receipt], error: 'It "broke"\n.' });
  const second = await receive(queue);
  await call("POST", `${queue}/retry`, { receipts: receiptsOf(second) });
  const [third] = await receive(queue);

  expect(reply.body).toEqual({ retried: 1, stale: [] });
  expect(first).not.toHaveProperty("lastError");
  expect(second).toMatchObject([{ body: "a", attempt: 2, lastError: 'It "broke"\n.' }]);
  expect(third?.attempt).toBe(3);
  expect(third).not.toHaveProperty("lastError");
});

test("a message retried with a delay is not received before its time", async () => {
  const queue = freshQueue();
  await put(queue, ["a"]);
  const leased = await receive(queue);

  await call("POST", `${queue}/retry`, { receipts: receiptsOf(leased), delaySeconds: 0.3 });

  expect(await inspect(queue)).toMatchObject({ visible: 0, delayed: 1, leased: 0, unfinished: 1 });
  expect(await receive(queue)).toEqual([]);
  expect(await receive(queue, { timeoutSeconds: 5 })).toMatchObject([{ body: "a", attempt: 2 }]);
});

test("a lease that is extended outlasts its first end, under the same receipt", async () => {
  const queue = freshQueue();
  await put(queue, ["a", "b"]);
  const [a, b] = await receive(queue, { max: 2, leaseSeconds: 1 });

  const reply = await call("POST", `${queue}/extend`, { receipts: [a?.receipt], leaseSeconds: 60 });
  const redelivered = await receive(queue, { max: 10, timeoutSeconds: 5 });
  const acked = await call("POST", `${queue}/ack`, { receipts: [a?.receipt, b?.receipt] });

  expect(reply.body).toMatchObject({ extended: 1, stale: [] });
  expect(reply.body.leaseEndsAt).toBeGreaterThan((a?.leaseEndsAt ?? 0) + 50);
  expect(bodiesOf(redelivered)).toEqual(["b"]);
  expect(acked.body).toEqual({ acked: 1, stale: [b?.receipt] });
});

test("a lease can be cut short", async () => {
  const queue = freshQueue();
  await put(queue, ["a"]);
  const leased = await receive(queue, { leaseSeconds: 60 });

  await call("POST", `${queue}/extend`, { receipts: receiptsOf(leased), leaseSeconds: 1 });

  expect(await receive(queue, { timeoutSeconds: 5 })).toMatchObject([{ body: "a", attempt: 2 }]);
});

test("an acked message never comes back, though its lease would have ended", async () => {
  const queue = freshQueue();
  await put(queue, ["a", "b"]);
  const leased = await receive(queue, { max: 2, leaseSeconds: 1 });
  await ack(queue, leased.slice(0, 1));

  expect(bodiesOf(await receive(queue, { max: 10, timeoutSeconds: 5 }))).toEqual(["b"]);
  expect(await inspect(queue)).toMatchObject({ visible: 0, leased: 1, done: 1 });
});
