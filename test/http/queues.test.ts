import { expect, test } from "vitest";
import { REPORT_MS } from "../../src/api/directory-calls.ts";
import { SETTING_NAMES, SETTINGS } from "../../src/contract/settings.ts";
import { COUNT_NAMES } from "../../src/contract/states.ts";
import {
  ack,
  arrival,
  bodiesOf,
  call,
  descriptionOf,
  freshQueue,
  listedQueue,
  nameOf,
  numbers,
  pass,
  put,
  receive,
} from "../support/call.ts";

const NO_MESSAGES = {
  ...{ visible: 0, delayed: 0, leased: 0, dead: 0, transferring: 0, unfinished: 0 },
  ...{ accepted: 0, done: 0, purged: 0, expired: 0, transferred: 0, results: 0, oldestSeconds: 0 },
};

test("a queue is created by its configuration, with defaults for what is not said", async () => {
  const queue = freshQueue();

  const reply = await call("PUT", queue, {});

  const storage = { storageBytes: expect.any(Number), rowsWritten: expect.any(Number) };
  // What these are is in docs/reference.md, which a test holds to the list.
  const defaults = Object.fromEntries(SETTING_NAMES.map((name) => [name, SETTINGS[name].default]));
  const running = { shutdown: "none", paused: { puts: false, receives: false } };
  const configuration = {
    name: nameOf(queue),
    ...defaults,
    ...running,
  };
  expect(reply.status).toBe(200);
  expect(reply.body).toEqual({ ...configuration, ...NO_MESSAGES, ...storage, connected: 0, consumers: [], push: null });
  expect(await descriptionOf(queue)).toEqual(reply.body);
});

test("a configuration without a body is one that changes nothing", async () => {
  const queue = freshQueue();

  expect((await call("PUT", queue)).status).toBe(200);
  expect(await descriptionOf(queue)).toMatchObject({ maxSize: 0, leaseSeconds: 30 });
});

test("a configuration changes what it names and leaves the rest", async () => {
  const queue = freshQueue();
  await call("PUT", queue, { maxSize: 7 });

  await call("PUT", queue, { leaseSeconds: 1.5, order: "fifo" });

  expect(await descriptionOf(queue)).toMatchObject({ maxSize: 7, leaseSeconds: 1.5, order: "fifo" });
});

test("a configuration that is sent twice does what it does once", async () => {
  const queue = freshQueue();
  await put(queue, ["a"]);

  const first = await call("PUT", queue, { maxSize: 7 });
  const second = await call("PUT", queue, { maxSize: 7 });

  expect(second.status).toBe(first.status);
  expect({ ...second.body, oldestSeconds: 0 }).toEqual({ ...first.body, oldestSeconds: 0 });
  expect(bodiesOf(await receive(queue))).toEqual(["a"]);
});

test("the description counts every message where it is, and the counts add up", async () => {
  const queue = freshQueue();
  await put(queue, numbers(10));
  await call("POST", `${queue}/messages`, { messages: [{ body: 10, delaySeconds: 60 }] });
  const leased = await receive(queue, { max: 5 });
  await ack(queue, leased.slice(0, 2));
  await receive(queue, { autoAck: true });

  const counts = await descriptionOf(queue);

  expect(counts).toMatchObject({ visible: 4, delayed: 1, leased: 3, accepted: 11, done: 3, purged: 0, unfinished: 9 });
  expect(counts.accepted).toBe(counts.visible + counts.delayed + counts.leased + counts.done + counts.purged);
  expect(counts.storageBytes).toBeGreaterThan(0);
  expect(counts.rowsWritten).toBeGreaterThan(0);
});

test("the description tells the age of the oldest message, and 0 where there is none", async () => {
  const queue = freshQueue();
  await put(queue, ["old"]);
  const [old] = await receive(queue, { leaseSeconds: 1 });
  await put(queue, ["young"]);
  const again = await receive(queue, { timeoutSeconds: 5 });
  await receive(queue, { timeoutSeconds: 5 });

  const withOld = await descriptionOf(queue);
  await call("POST", `${queue}/purge`, {});

  expect(again).toMatchObject([{ body: "young" }]);
  expect(old?.body).toBe("old");
  expect(withOld.oldestSeconds).toBeGreaterThanOrEqual(0.9);
  expect(withOld.oldestSeconds).toBeLessThan(20);
  expect((await descriptionOf(queue)).oldestSeconds).toBe(0);
});

test("looking at a queue writes nothing", async () => {
  const queue = freshQueue();
  await put(queue, ["a"]);
  await receive(queue);

  const { rowsWritten } = await descriptionOf(queue);
  await receive(queue);

  expect((await descriptionOf(queue)).rowsWritten).toBe(rowsWritten);
});

for (const [method, path, body] of [
  ["GET", "", undefined],
  ["DELETE", "", undefined],
  ["POST", "/ack", { receipts: ["r"] }],
  ["POST", "/retry", { receipts: ["r"] }],
  ["POST", "/extend", { receipts: ["r"], leaseSeconds: 30 }],
  ["POST", "/done", {}],
  ["POST", "/join", { timeoutSeconds: 5 }],
  ["POST", "/purge", {}],
] as const) {
  test(`${method} /v1/queues/{queue}${path} does not know a queue that does not exist`, async () => {
    const queue = freshQueue();

    const reply = await call(method, `${queue}${path}`, body);

    expect(reply.status).toBe(404);
    expect(reply.body).toMatchObject({ code: "unknown_queue", status: 404 });
  });
}

test("a receive on an unknown name finds nothing and leaves the name unknown", async () => {
  const queue = freshQueue();

  const now = await receive(queue);
  const later = await receive(queue, { timeoutSeconds: 0.05, max: 10, autoAck: true });

  expect([now, later]).toEqual([[], []]);
  expect((await call("GET", queue)).status).toBe(404);
  expect((await call("GET", `/v1/queues?prefix=${nameOf(queue)}`)).body.queues).toEqual([]);
});

test("a receive that waits on an unknown name is served by the put that creates the queue", async () => {
  const queue = freshQueue();

  const waiting = receive(queue, { timeoutSeconds: 10 });
  await arrival(queue);
  await put(queue, ["first"]);

  expect(bodiesOf(await waiting)).toEqual(["first"]);
});

test("a deleted queue is unknown, with all that was in it", async () => {
  const queue = freshQueue();
  await call("PUT", queue, { maxSize: 10 });
  await put(queue, numbers(3), "key");
  await receive(queue);

  const reply = await call("DELETE", queue);

  expect(reply.status).toBe(200);
  expect(reply.body).toEqual({ deleted: true });
  expect((await call("GET", queue)).body.code).toBe("unknown_queue");
  expect((await call("DELETE", queue)).body.code).toBe("unknown_queue");
  expect(await receive(queue)).toEqual([]);
});

test("a put after a deletion begins a new life, in which nothing of the old one counts", async () => {
  const queue = freshQueue();
  await call("PUT", queue, { maxSize: 1, leaseSeconds: 5 });
  const oldIds = await put(queue, ["old"], "key");
  const [old] = await receive(queue);
  await call("DELETE", queue);

  const newIds = await put(queue, ["new"], "key");
  const [leased] = await receive(queue);
  const reply = await call("POST", `${queue}/ack`, { receipts: [old?.receipt] });

  expect(newIds).not.toEqual(oldIds);
  expect(leased).toMatchObject({ body: "new", attempt: 1 });
  expect(leased?.receipt).not.toBe(old?.receipt);
  expect(reply.body).toEqual({ acked: 0, stale: [old?.receipt] });
  expect(await descriptionOf(queue)).toMatchObject({ maxSize: 0, leaseSeconds: 30, leased: 1, accepted: 1, done: 0 });
});

test("a receive that waits while its queue is deleted is served by the next life", async () => {
  const queue = freshQueue();
  await call("PUT", queue, {});

  const waiting = receive(queue, { timeoutSeconds: 10 });
  await arrival(queue);
  await call("DELETE", queue);
  await put(queue, ["new"]);

  expect(bodiesOf(await waiting)).toEqual(["new"]);
});

test("a queue is listed from its first put until its deletion", async () => {
  const [configured, put_, deleted] = [freshQueue(), freshQueue(), freshQueue()];
  const listed = async () => {
    const { body } = await call("GET", "/v1/queues?limit=1000");
    return body.queues.map(({ name }: { name: string }) => name);
  };
  await call("PUT", configured, {});
  await put(put_, ["a"]);
  await put(deleted, ["a"]);
  const before = await listed();

  await call("DELETE", deleted);

  expect(before).toEqual(expect.arrayContaining([configured, put_, deleted].map(nameOf)));
  expect(await listed()).toEqual(before.filter((name: string) => name !== nameOf(deleted)));
});

test("the list shows the counts that each queue has reported, as its description has them", async () => {
  const queue = freshQueue();
  await put(queue, numbers(4));
  await receive(queue, { leaseSeconds: 600 });
  await pass(REPORT_MS / 1_000, queue);

  const listed = await listedQueue(queue);
  const description = await descriptionOf(queue);

  expect(Object.keys(listed?.counts ?? {})).toEqual([...COUNT_NAMES]);
  expect(description).toMatchObject(listed?.counts ?? {});
  expect((listed?.countedAt ?? 0) - (listed?.oldestAt ?? 0)).toBeGreaterThanOrEqual(REPORT_MS / 1_000);
});

test("the list comes in pages, in order of names", async () => {
  const names = ["page.b", "page.A", "page", "page-a", "page_a", "pagea", "page.a", "page.a1"];
  for (const name of names) await call("PUT", `/v1/queues/${name}`, {});
  await call("PUT", "/v1/queues/pagf", {});

  const first = await call("GET", "/v1/queues?prefix=page&limit=5");
  const second = await call("GET", `/v1/queues?prefix=page&limit=5&cursor=${first.body.cursor}`);
  const all = await call("GET", "/v1/queues?prefix=page&limit=8");
  const dotted = await call("GET", "/v1/queues?prefix=page.");

  const pages = [...first.body.queues, ...second.body.queues];
  expect(pages.map(({ name }) => name)).toEqual(names.toSorted());
  expect([first.body.queues.length, second.body.queues.length, second.body.cursor]).toEqual([5, 3, null]);
  expect(all.body).toEqual({ queues: pages, cursor: null });
  expect(dotted.body.queues.length).toBe(4);
});

test("a list without matches is empty", async () => {
  expect((await call("GET", "/v1/queues?prefix=unused")).body).toEqual({ queues: [], cursor: null });
  expect((await call("GET", "/v1/queues?cursor=zzzz")).body).toEqual({ queues: [], cursor: null });
});

test("a purge removes every message and finishes it", async () => {
  const queue = freshQueue();
  await put(queue, numbers(300));
  await call("POST", `${queue}/messages`, { messages: [{ body: "late", delaySeconds: 60 }] });
  const [leased] = await receive(queue, { max: 2 });

  const reply = await call("POST", `${queue}/purge`, {});
  const acked = await call("POST", `${queue}/ack`, { receipts: [leased?.receipt] });

  expect(reply.body).toEqual({ purged: 301 });
  expect(acked.body).toEqual({ acked: 0, stale: [leased?.receipt] });
  expect(await descriptionOf(queue)).toMatchObject({ ...NO_MESSAGES, accepted: 301, purged: 301 });
  expect(await receive(queue)).toEqual([]);
});

test("a purged queue goes on", async () => {
  const queue = freshQueue();
  await put(queue, ["old"]);
  await call("POST", `${queue}/purge`);

  await put(queue, ["new"]);

  expect(await receive(queue, { max: 10 })).toMatchObject([{ body: "new", attempt: 1 }]);
});

for (const [title, path, request] of [
  ["a put", "/messages", { messages: [{ body: "b" }], timeoutSeconds: 10 }],
  ["a join", "/join", { timeoutSeconds: 10 }],
] as const) {
  test(`${title} that waits while its queue is deleted is told so`, async () => {
    const queue = freshQueue();
    await call("PUT", queue, { maxSize: 1 });
    await put(queue, ["a"]);

    const waiting = call("POST", `${queue}${path}`, request);
    await arrival(queue);
    await call("DELETE", queue);

    expect(await waiting).toMatchObject({ status: 404, body: { code: "unknown_queue" } });
    expect((await call("GET", queue)).status).toBe(404);
  });
}
