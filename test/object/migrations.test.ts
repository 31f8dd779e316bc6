import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import { directoryOf } from "../../src/env.ts";
import { migrate, NEWEST_VERSION, STEPS, storedVersion } from "../../src/object/migrations.ts";
import { DEFAULT_CONFIGURATION } from "../../src/queue/base/configuration.ts";
import { bodiesOf, call, descriptionOf, freshQueue, nameOf, objectOf, put, receive } from "../support/call.ts";
import { interceptStatements } from "../support/storage.ts";

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
  const queue = freshQueue();
  await put(queue, ["a"]);
  await runInDurableObject(objectOf(queue), (_, { storage: { sql } }) => {
    sql.exec("INSERT INTO migrations (version) VALUES (?)", NEWEST_VERSION + 1);
  });
  await evictDurableObject(objectOf(queue));
  log.mockClear();

  const detail =
    "The queue was stored by a newer build: its tables have version 5, and this build knows up to version 4. Nothing in it is changed. Deploy the newer build again.";
  const calls = [
    await call("POST", `${queue}/messages`, { messages: [{ body: "b" }] }),
    await call("POST", `${queue}/receive`, { timeoutSeconds: 5 }),
    await call("GET", `${queue}/messages`),
    await call("DELETE", queue),
  ];

  for (const reply of calls) expect(reply).toMatchObject({ status: 503, body: { code: "newer_data", detail } });
  expect(calls[0]?.headers.get("Retry-After")).toBeNull();
  expect(log).toHaveBeenCalledOnce();
  await runInDurableObject(objectOf(queue), (_, { storage: { sql } }) => {
    sql.exec("DELETE FROM migrations WHERE version = ?", NEWEST_VERSION + 1);
  });
  await evictDurableObject(objectOf(queue));
  expect(bodiesOf(await receive(queue, { max: 10 }))).toEqual(["a"]);
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
  await directory.confirm(name, "abcdefgh");
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
