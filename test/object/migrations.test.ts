import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import { directoryOf } from "../../src/env.ts";
import { migrate, NEWEST_VERSION, STEPS, storedVersion } from "../../src/object/migrations.ts";
import { DEFAULT_CONFIGURATION } from "../../src/queue/base/configuration.ts";
import { bodiesOf, call, descriptionOf, freshQueue, nameOf, objectOf, pass, put, receive } from "../support/call.ts";
import { eventually } from "../support/eventually.ts";
import { connect } from "../support/sockets/object-socket.ts";
import { interceptStatements } from "../support/storage.ts";

/** Longer than the pause between two alarms of a queue that cannot be opened. */
const LONG_SECONDS = 2 * 3_600;

const log = vi.spyOn(console, "error").mockReturnValue();

test("an unknown queue has no tables, whichever call asks for it", async () => {
  const queue = freshQueue();
  await call("GET", queue);
  await call("POST", `${queue}/receive`, {});

  const tables = await runInDurableObject(objectOf(queue), (_, { storage: { sql } }) =>
    sql.exec("SELECT name FROM sqlite_master").toArray(),
  );

  expect(tables).toEqual([]);
});

test("a queue's tables have the newest version, and to migrate them again writes nothing", async () => {
  const queue = freshQueue();
  await put(queue, ["a"]);

  const [version, rowsWritten] = await runInDurableObject(objectOf(queue), (_, { storage }) => [
    storedVersion(storage.sql),
    migrate(storage),
  ]);

  expect([version, rowsWritten]).toEqual([NEWEST_VERSION, 0]);
});

test("a migration whose steps fail leaves no table behind", async () => {
  const queue = freshQueue();

  const tables = await runInDurableObject(objectOf(queue), (_, { storage }) => {
    // In the way of the first step.
    storage.sql.exec("CREATE TABLE blocks (other TEXT)");
    expect(() => migrate(storage)).toThrow(/blocks already exists/);
    return storage.sql.exec("SELECT name FROM sqlite_master ORDER BY name").toArray();
  });

  expect(tables).toEqual([{ name: "blocks" }]);
});

test("a queue that was stored by a newer version is left alone, and every call says so", async () => {
  const queue = await newerQueue(["a"]);
  log.mockClear();

  const detail =
    "The queue was stored by a newer build: its tables have version 6, and this build knows up to version 5. Nothing in it is changed. Deploy the newer build again, or restore a backup from before it.";
  const calls = [
    await call("POST", `${queue}/messages`, { messages: [{ body: "b" }] }),
    await call("POST", `${queue}/receive`, { timeoutSeconds: 5 }),
    await call("GET", `${queue}/messages`),
    await call("DELETE", queue),
  ];

  for (const reply of calls) expect(reply).toMatchObject({ status: 503, body: { code: "newer_data", detail } });
  expect(calls[0]?.headers.get("Retry-After")).toBeNull();
  expect(log).toHaveBeenCalledOnce();
  await becomeKnown(queue);
  expect(bodiesOf(await receive(queue, { max: 10 }))).toEqual(["a"]);
});

/** Everything that is stored of a queue, to see that nothing is changed. */
function storedOf(queue: string): Promise<unknown> {
  return runInDurableObject(objectOf(queue), async (_, { storage }) => {
    const rows = storage.sql.exec("SELECT * FROM segments ORDER BY slot").toArray();
    return [JSON.stringify(rows), await storage.getAlarm()];
  });
}

/** How many messages are stored as visible. No call looks at the queue. */
function visibleIn(queue: string): Promise<unknown> {
  return runInDurableObject(objectOf(queue), (_, { storage: { sql } }) => {
    return sql.exec("SELECT sum(visible) AS visible FROM segments").one().visible;
  });
}

/** A queue with these messages whose tables a newer build has changed. */
async function newerQueue(bodies: unknown[]): Promise<string> {
  const queue = freshQueue();
  await put(queue, bodies);
  await becomeNewer(queue);
  return queue;
}

/** Lets the tables of a queue be those of a newer build. */
async function becomeNewer(queue: string): Promise<void> {
  await runInDurableObject(objectOf(queue), (_, { storage: { sql } }) => {
    sql.exec("INSERT INTO migrations (version) VALUES (?)", NEWEST_VERSION + 1);
  });
  await evictDurableObject(objectOf(queue));
}

/** Undoes `becomeNewer`, as if this build were the newer one. */
async function becomeKnown(queue: string): Promise<void> {
  await runInDurableObject(objectOf(queue), (_, { storage: { sql } }) => {
    sql.exec("DELETE FROM migrations WHERE version = ?", NEWEST_VERSION + 1);
  });
  await evictDurableObject(objectOf(queue));
}

test("connections of a queue that was stored by a newer version are answered so, and nothing is changed", async () => {
  const queue = await newerQueue(["a"]);
  const before = await storedOf(queue);
  log.mockClear();

  const socket = await connect(queue);
  socket.say({ id: 1, verb: "describe" }, { id: 2, verb: "subscribe", request: { credit: 5 } });
  socket.say({ id: 3, verb: "delete" }, { id: 4, verb: "messages" });
  const replies = [await socket.next(), await socket.next(), await socket.next(), await socket.next()];

  expect(replies).toMatchObject([1, 2, 3, 4].map((id) => ({ id, problem: { code: "newer_data" } })));
  expect(await storedOf(queue)).toEqual(before);
  expect(log).not.toHaveBeenCalled();
});

test("messages expire without a call after the newer build of their queue is deployed again", async () => {
  const queue = freshQueue();
  await call("PUT", queue, { retentionSeconds: 60 });
  await put(queue, ["old"]);
  await becomeNewer(queue);
  const before = await visibleIn(queue);

  await pass(LONG_SECONDS, queue);
  const whileNewer = await visibleIn(queue);
  await becomeKnown(queue);
  await pass(LONG_SECONDS, queue);

  expect([before, whileNewer, await visibleIn(queue)]).toEqual([1, 1, 0]);
});

test("dead letters for a queue that was stored by a newer version stay where they died", async () => {
  const letters = await newerQueue(["a"]);
  const queue = freshQueue();
  await call("PUT", queue, { maxAttempts: 1, deadLetterQueue: nameOf(letters) });
  await put(queue, ["b"]);
  const receipts = (await receive(queue)).map(({ receipt }) => receipt);

  await call("POST", `${queue}/retry`, { receipts });

  await eventually(async () => expect(await descriptionOf(queue)).toMatchObject({ dead: 1, transferring: 0 }));
  const { body } = await call("POST", `${queue}/redrive`, { to: nameOf(letters) });
  expect(body).toMatchObject({ code: "newer_data" });
});

/** Makes the tables of an older version, with what they then held. */
function olderTables(storage: DurableObjectStorage, version: number, rows: readonly string[]): void {
  storage.sql.exec("CREATE TABLE migrations (version INTEGER PRIMARY KEY)");
  for (const [index, step] of STEPS.slice(0, version).entries()) {
    storage.sql.exec(step);
    storage.sql.exec("INSERT INTO migrations (version) VALUES (?)", index + 1);
  }
  for (const row of rows) storage.sql.exec(row);
}

test("senders that were stored by version 1 are remembered as of now", async () => {
  const begin = Math.floor(Date.now() / 1_000) * 1_000;

  const senders = await runInDurableObject(objectOf(freshQueue()), (_, { storage }) => {
    olderTables(storage, 1, ["INSERT INTO arrivals (source, number, refused) VALUES ('other/i', 7, 0)"]);
    migrate(storage);
    return storage.sql.exec("SELECT * FROM inbound_transfers").toArray();
  });

  expect(senders).toEqual([{ source: "other/i", number: 7, refused: 0, used_at: expect.any(Number) }]);
  expect(senders[0]?.used_at).toBeGreaterThanOrEqual(begin);
});

test("to open a queue that was stored by version 2 rewrites none of its rows, however many there are", async () => {
  const migrated = (rows: number) =>
    runInDurableObject(objectOf(freshQueue()), (_, { storage }) => {
      const row = (slot: number) =>
        `INSERT INTO blocks VALUES (${slot}, ${slot}, '{"lastBlock":0}', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
           NULL, 0, 0, NULL, NULL, '', '', '', '')`;
      olderTables(
        storage,
        2,
        Array.from({ length: rows }, (__, index) => row(index + 1)),
      );
      return migrate(storage);
    });

  expect(await migrated(50)).toBe(await migrated(1));
});

/** Stores two messages, `a` and `b`, as version 2 did, then runs these statements. Returns the tables. */
async function storeVersion2(queue: string, ...statements: string[]): Promise<unknown> {
  const name = nameOf(queue);
  // Without settings that a later build has, which are at their defaults then.
  const { order, leaseMs, maxAttempts, shutdown, paused } = DEFAULT_CONFIGURATION;
  const configuration = JSON.stringify({
    ...{ order, leaseMs, shutdown, paused, maxSize: 7, deadLetterQueue: "" },
    redelivery: { maxAttempts },
    retention: { retentionMs: 0, deadLetterExpired: false },
  });
  const totals = `{"commit":3,"time":1700000000000,"lastBlock":1,"accepted":5,"done":1,"purged":0,"expired":0,"moved":2,
    "unfinished":2,"lastTransfer":1,"transfers":[],"refusal":{"to":"other","times":1,"until":1700000060000},"rowsWritten":4}`;
  const lines = ["a", "b"].map((body) => `{"body":"${body}","priority":100,"putAt":1700000000}\n`).join("");
  const tables = await runInDurableObject(objectOf(queue), (_, { storage }) => {
    olderTables(storage, 2, [
      `INSERT INTO queue VALUES (1, 'abcdefgh', '${configuration}')`,
      `INSERT INTO blocks VALUES (1, 3, '${totals}', 1, 2, 0, 0, 0, 1700000000000, ${lines.length}, 2, 0, 0, 0, 0,
         NULL, 0, 0, NULL, NULL, '', '', '', '${lines}')`,
      ...statements,
    ]);
    return tablesIn(storage.sql);
  });
  await evictDurableObject(objectOf(queue));
  const directory = directoryOf(env);
  await directory.add(name, "abcdefgh");
  await directory.confirm(name, "abcdefgh", undefined);
  return tables;
}

test("a queue that was stored by version 2 is served, with its messages, its keys and its counts", async () => {
  const queue = freshQueue();
  await storeVersion2(queue);

  expect(await descriptionOf(queue)).toMatchObject({ visible: 2, accepted: 5, done: 1, transferred: 2, unfinished: 2 });
  expect(await descriptionOf(queue)).toMatchObject({ maxSize: 7, maxLeasedPerGroup: 1, retryDelayFactor: 2 });
  expect(await receive(queue, { max: 2 })).toMatchObject([{ id: "0.abcdefgh-1-0", body: "a" }, { body: "b" }]);
});

/** The tables, their columns and their version, to see that nothing is changed. */
function tablesIn(sql: SqlStorage): unknown {
  return [storedVersion(sql), sql.exec("SELECT sql FROM sqlite_master ORDER BY name").toArray()];
}

test.each(STEPS.map((_, step) => step).slice(1))(
  "a migration that ends for lack of room after step %i changes nothing",
  async (step) => {
    const queue = freshQueue();
    await runInDurableObject(objectOf(queue), (_, { storage }) => olderTables(storage, 1, []));
    await interceptStatements(objectOf(queue), {
      before: (statement) => {
        if (statement === STEPS[step]) throw new Error("database or disk is full: SQLITE_FULL");
      },
    });

    await runInDurableObject(objectOf(queue), (_, { storage }) => {
      const before = tablesIn(storage.sql);
      expect(() => migrate(storage)).toThrow(/SQLITE_FULL/);
      expect(tablesIn(storage.sql)).toEqual(before);
    });
  },
);

test("a queue whose older tables cannot be migrated is damaged, unchanged, and its messages are listed", async () => {
  const queue = freshQueue();
  const before = await storeVersion2(queue, "DROP TABLE arrivals");

  const described = await call("GET", queue);
  const listed = await call("GET", `${queue}/messages`);

  expect(described).toMatchObject({ status: 500, body: { code: "damaged" } });
  expect(listed.body.messages).toMatchObject([
    { id: "0.abcdefgh-1-0", body: "a" },
    { body: "b", state: "visible" },
  ]);
  expect(await runInDurableObject(objectOf(queue), (_, { storage: { sql } }) => tablesIn(sql))).toEqual(before);
});
