import { expect, test } from "vitest";
import { call, descriptionOf, freshQueue, put, receiptsOf, receive } from "../support/call.ts";

for (const [verb, request, changed] of [
  ["ack", {}, "acked"],
  ["retry", { delaySeconds: 60, error: "too late" }, "retried"],
  ["extend", { leaseSeconds: 60 }, "extended"],
] as const) {
  test(`${verb} reports receipts whose lease is over, and they change nothing`, async () => {
    const queue = freshQueue();
    await put(queue, ["a", "b", "c"]);
    const [old] = await receive(queue);
    await call("POST", `${queue}/retry`, { receipts: [old?.receipt], delaySeconds: 0 });
    const [current, acked, held] = await receive(queue, { max: 3 });
    await call("POST", `${queue}/ack`, { receipts: [acked?.receipt] });
    const before = await descriptionOf(queue);

    const reply = await call("POST", `${queue}/${verb}`, { receipts: [old?.receipt, acked?.receipt], ...request });

    expect(reply.body).toMatchObject({ [changed]: 0, stale: [old?.receipt, acked?.receipt] });
    expect({ ...(await descriptionOf(queue)), oldestSeconds: 0 }).toEqual({ ...before, oldestSeconds: 0 });
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

  test(`${verb} treats a receipt that was never given as stale`, async () => {
    const queue = freshQueue();
    await put(queue, ["a"]);
    const [leased] = await receive(queue);
    const [generation = ""] = leased?.receipt.split("-") ?? [];
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
      ...[leased?.id, `${generation}-1-1-1`, `${generation}-2-0-1`, `${generation}-999999999999999-999999-1`],
      ...[`${generation}-1-0-0`, `${generation}-01-0-1`, "x".repeat(128)],
    ];

    const reply = await call("POST", `${queue}/${verb}`, { receipts, ...request });

    expect(reply.body).toMatchObject({ [changed]: 0, stale: receipts });
    expect(await descriptionOf(queue)).toMatchObject({ leased: 1, done: 0 });
  });
}

test("a receipt that is given twice in one ack counts once", async () => {
  const queue = freshQueue();
  await put(queue, ["a", "b"]);
  const [a, b] = await receive(queue, { max: 2 });

  const reply = await call("POST", `${queue}/ack`, { receipts: [a?.receipt, b?.receipt, a?.receipt] });

  expect(reply.body).toEqual({ acked: 2, stale: [a?.receipt] });
  expect(await descriptionOf(queue)).toMatchObject({ done: 2, unfinished: 0 });
});

test("an ack that does not finish leaves the message unfinished until it is reported done", async () => {
  const queue = freshQueue();
  await put(queue, ["a"]);
  const leased = await receive(queue);

  const reply = await call("POST", `${queue}/ack`, { receipts: receiptsOf(leased), finish: false });
  const afterAck = await descriptionOf(queue);
  await call("POST", `${queue}/done`, { count: 1 });

  expect(reply.body).toEqual({ acked: 1, stale: [] });
  expect(afterAck).toMatchObject({ visible: 0, leased: 0, done: 1, unfinished: 1 });
  expect(await descriptionOf(queue)).toMatchObject({ done: 1, unfinished: 0 });
});

test("retry tells which of the messages had no attempt left", async () => {
  const queue = freshQueue();
  await call("PUT", queue, { maxAttempts: 2, retryDelaySeconds: 0 });
  await call("POST", `${queue}/messages`, { messages: [{ body: "last", maxAttempts: 1 }, { body: "next" }] });
  const [last, next] = await receive(queue, { max: 2 });

  const first = await call("POST", `${queue}/retry`, { receipts: [last?.receipt, next?.receipt] });
  const [again] = await receive(queue);
  const second = await call("POST", `${queue}/retry`, { receipts: [again?.receipt, last?.receipt] });

  expect(first.body).toEqual({ retried: 2, stale: [], dead: [last?.receipt] });
  expect(second.body).toEqual({ retried: 1, stale: [last?.receipt], dead: [again?.receipt] });
});

test("retry names no dead message where each has an attempt left", async () => {
  const queue = freshQueue();
  await put(queue, ["a"]);
  const received = await receive(queue);

  const reply = await call("POST", `${queue}/retry`, { receipts: receiptsOf(received) });

  expect(reply.body).toEqual({ retried: 1, stale: [] });
});

test("extend tells which of the stale receipts are those of cancelled jobs", async () => {
  const queue = freshQueue();
  const messages = [{ body: "job", resultSeconds: 60 }, { body: "no job" }, { body: "acked", resultSeconds: 60 }];
  await call("POST", `${queue}/messages`, { messages });
  const [job, noJob, acked] = await receive(queue, { max: 3 });
  await call("DELETE", `${queue}/messages/${job?.id}`);
  await call("DELETE", `${queue}/messages/${noJob?.id}`);
  await call("POST", `${queue}/ack`, { receipts: [acked?.receipt] });
  const receipts = [job, noJob, acked].map((each) => each?.receipt);

  const reply = await call("POST", `${queue}/extend`, { receipts });

  expect(reply.body).toMatchObject({ extended: 0, stale: receipts, cancelled: [job?.receipt] });
});
