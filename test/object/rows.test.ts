/** What Cloudflare bills, by the queue's own counter, which adds up what the storage engine reports for each write. */
import { abortAllDurableObjects, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { expect, onTestFinished, test, vi } from "vitest";
import { FREE_ROWS_MAX } from "../../src/queue/store/free-rows.ts";
import {
  ack,
  arrival,
  call,
  descriptionOf,
  freshQueueInUse,
  type Leased,
  nameOf,
  numbers,
  objectOf,
  put,
  receiptsOf,
  receive,
} from "../support/call.ts";
import { eventually } from "../support/eventually.ts";
import { connect } from "../support/sockets/object-socket.ts";
import { interceptStatements } from "../support/storage.ts";

/** Rows that this many messages cost, from the first put to the last ack, by the message. */
async function rowsPerMessage(queue: string, messages: number, work: () => Promise<void>): Promise<number> {
  const before = await descriptionOf(queue);
  await work();
  const after = await descriptionOf(queue);
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
    const queue = await freshQueueInUse();
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
    const queue = await freshQueueInUse();
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
  const queue = await freshQueueInUse();
  await call("PUT", queue, {});

  const rows = await rowsPerMessage(queue, 10_000, async () => {
    for (const batch of numbers(100)) await put(queue, numbers(100), `batch-${batch}`);
    for (const _ of numbers(100)) await ack(queue, await receive(queue, { max: 100 }));
  });

  console.log(`a backlog of 10,000 in batches of 100: ${rows} rows per message`);
  expect(rows).toBeLessThanOrEqual(0.05);
});

test("the counter of rows agrees with the storage engine for each statement, from the first table on", async () => {
  const queue = await freshQueueInUse();
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
  expect((await descriptionOf(queue)).rowsWritten).toBe(rows);
});

test("one caller alone, with keys, reuses few rows", async () => {
  const queue = await freshQueueInUse();
  for (const message of numbers(250)) await oneMessage(queue, `key-${message}`);

  expect(await storedRows(queue)).toBeLessThanOrEqual(250 / 64 + 2);
});

/** What one message costs from its put to its end, in rows; `work` is everything in between. */
async function rowsOf(queue: string, options: object, work: () => Promise<unknown>): Promise<number> {
  await call("PUT", queue, { retryDelaySeconds: 0 });
  const before = await descriptionOf(queue);
  await call("POST", `${queue}/messages`, { messages: [{ body: "task", ...options }] });
  await work();
  const after = await descriptionOf(queue);
  expect(after.done - before.done, "messages that went through").toBe(1);
  return after.rowsWritten - before.rowsWritten;
}

/** Receives a message as soon as there is one, and acks it. */
async function finish(queue: string): Promise<void> {
  const messages = await receive(queue, { timeoutSeconds: 10 });
  expect(messages).toHaveLength(1);
  await ack(queue, messages);
}

test("a delayed message costs no row more than another: put, lease, ack", async () => {
  const queue = await freshQueueInUse();

  expect(await rowsOf(queue, { delaySeconds: 0.3 }, () => finish(queue))).toBe(3);
});

test("a message whose lease ends costs one row more, that of its next lease", async () => {
  const queue = await freshQueueInUse();

  const rows = await rowsOf(queue, {}, async () => {
    await receive(queue, { leaseSeconds: 1 });
    await finish(queue);
  });

  expect(rows).toBe(4);
});

test("a message that is retried while a worker waits costs one row more: the retry and the next lease share it", async () => {
  const queue = await freshQueueInUse();

  const rows = await rowsOf(queue, {}, async () => {
    const [message] = await receive(queue);
    const waiting = finish(queue);
    await arrival(queue);
    await call("POST", `${queue}/retry`, { receipts: [message?.receipt] });
    await waiting;
  });

  expect(rows).toBe(4);
});

test("a retry for which no worker waits is a row of its own", async () => {
  const queue = await freshQueueInUse();

  const rows = await rowsOf(queue, {}, async () => {
    const [message] = await receive(queue);
    await call("POST", `${queue}/retry`, { receipts: [message?.receipt], delaySeconds: 0.2 });
    await finish(queue);
  });

  expect(rows).toBe(5);
});

/** Receives one message by push, and reports that a handler has begun. */
async function beginOne(queue: string) {
  const socket = await connect(queue);
  socket.say({ id: 1, verb: "subscribe", request: { credit: 1 } });
  await socket.next();
  const receipts = receiptsOf(((await socket.next()) as { push: Leased[] }).push);
  // Operations of one connection are applied in order, so the begin is when the description comes.
  socket.say({ id: 2, verb: "begin", request: { receipts } });
  socket.say({ id: 3, verb: "describe" });
  expect(await socket.next()).toMatchObject({ id: 3 });
  return { socket, receipts };
}

test("a begin costs no row if the ack follows within a second: put, lease, ack", async () => {
  // Its second does not pass, however long the machine takes.
  vi.useFakeTimers({ toFake: ["Date"] });
  onTestFinished(() => void vi.useRealTimers());
  const queue = await freshQueueInUse();

  const rows = await rowsOf(queue, {}, async () => {
    const { socket, receipts } = await beginOne(queue);
    socket.say({ id: 4, verb: "ack", request: { receipts } });
    expect(await socket.next()).toMatchObject({ id: 4, reply: { acked: 1 } });
  });

  expect(rows).toBe(3);
});

test("a begin costs one row if the handler takes longer, and the object may then leave memory", async () => {
  const queue = await freshQueueInUse();
  let [before, after] = [0, 0];

  const rows = await rowsOf(queue, {}, async () => {
    const { socket, receipts } = await beginOne(queue);
    before = (await descriptionOf(queue)).rowsWritten;
    await eventually(async () => expect((await descriptionOf(queue)).rowsWritten).toBeGreaterThan(before));
    after = (await descriptionOf(queue)).rowsWritten;
    await abortAllDurableObjects();
    const views = await call("GET", `${queue}/messages`);
    expect(views.body.messages).toMatchObject([{ state: "leased", attempts: 1 }]);
    expect((await call("POST", `${queue}/ack`, { receipts })).body).toEqual({ acked: 1, stale: [] });
    socket.end();
  });

  expect([after - before, rows]).toEqual([1, 4]);
});

test("messages in groups cost no row more than others", async () => {
  const queue = await freshQueueInUse();
  await call("PUT", queue, {});

  const rows = await rowsPerMessage(queue, 1_000, async () => {
    for (const batch of numbers(10)) {
      const messages = numbers(100).map((number) => ({ body: batch, group: `group-${number}` }));
      await call("POST", `${queue}/messages`, { messages });
      await ack(queue, await receive(queue, { max: 100 }));
    }
  });

  expect(rows).toBeLessThanOrEqual(0.05);
});

test("a message that dies and goes to another queue costs at most five rows in both, one of a hundred no more", async () => {
  for (const [messages, rowsMax] of [
    [1, 5],
    [100, 10],
  ] as const) {
    const [tasks, dead] = [await freshQueueInUse(), await freshQueueInUse()];
    await call("PUT", tasks, { maxAttempts: 1, deadLetterQueue: nameOf(dead) });
    await call("PUT", dead, {});
    await put(tasks, numbers(messages));
    const receipts = receiptsOf(await receive(tasks, { max: 100 }));
    const rowsWritten = async () => (await descriptionOf(tasks)).rowsWritten + (await descriptionOf(dead)).rowsWritten;
    const before = await rowsWritten();

    await call("POST", `${tasks}/retry`, { receipts });
    await expect.poll(() => descriptionOf(tasks), { interval: 20 }).toMatchObject({ transferred: messages });

    expect((await rowsWritten()) - before).toBeLessThanOrEqual(rowsMax);
  }
});

/** The rows in the table of segments. */
async function storedRows(queue: string): Promise<number> {
  return runInDurableObject(objectOf(queue), (_, { storage: { sql } }) => {
    return sql.exec<{ rows: number }>("SELECT count(*) AS rows FROM segments").one().rows;
  });
}

/** Puts so many messages of which each has a row of its own. */
async function putLarge(queue: string, messages: number): Promise<void> {
  const body = "x".repeat(66_000);
  for (let left = messages; left > 0; left -= 100) await put(queue, Array(Math.min(left, 100)).fill(body));
}

test("a purge bills one row for each row of the backlog, and leaves few for the next load to read", async () => {
  const queue = await freshQueueInUse();
  await putLarge(queue, 1_500);
  expect(await storedRows(queue)).toBe(1_500);
  const { rowsWritten } = await descriptionOf(queue);

  await call("POST", `${queue}/purge`);

  expect((await descriptionOf(queue)).rowsWritten - rowsWritten).toBe(1_500);
  expect(await storedRows(queue)).toBe(FREE_ROWS_MAX);
  await evictDurableObject(objectOf(queue));
  expect(await descriptionOf(queue)).toMatchObject({
    accepted: 1_500,
    purged: 1_500,
    rowsWritten: rowsWritten + 1_500,
  });
});

test("a long backlog that one worker handles alone costs three rows per message, and leaves few", async () => {
  const queue = await freshQueueInUse();
  await call("PUT", queue, {});
  const messages = FREE_ROWS_MAX + 40;

  const rows = await rowsPerMessage(queue, messages, async () => {
    await putLarge(queue, messages);
    for (const _ of numbers(messages)) await ack(queue, await receive(queue));
  });
  expect(rows).toBe(3);
  expect(await storedRows(queue)).toBe(FREE_ROWS_MAX);
  await evictDurableObject(objectOf(queue));
  expect(await descriptionOf(queue)).toMatchObject({ accepted: messages, done: messages, unfinished: 0 });
});
