import { abortAllDurableObjects, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import { directoryOf } from "../../src/env.ts";
import { bodiesOf, call, freshQueue, nameOf, objectOf, put, receive } from "../support/call.ts";
import { eventually } from "../support/eventually.ts";
import { interceptStatements } from "../support/storage.ts";

async function listed(): Promise<string[]> {
  const { body } = await call("GET", "/v1/queues?limit=1000");
  return body.queues.map(({ name }: { name: string }) => name);
}

/** Lets every statement of the directory fail until its object is aborted. */
async function breakDirectory(): Promise<void> {
  await interceptStatements(directoryOf(env), {
    before: () => {
      throw new Error("The directory cannot be written to.");
    },
  });
}

const log = vi.spyOn(console, "error").mockReturnValue();

test("the directory survives its object's end", async () => {
  const queue = freshQueue();
  await put(queue, ["a"]);

  await abortAllDurableObjects();

  expect(await listed()).toContain(nameOf(queue));
});

test("a queue that cannot be entered is not created: none is stored that is not listed", async () => {
  const queue = freshQueue();
  await breakDirectory();

  const reply = await call("POST", `${queue}/messages`, { messages: [{ body: "a" }] });
  await abortAllDurableObjects();

  expect(reply.status).toBe(503);
  expect((await call("GET", queue)).body.code).toBe("unknown_queue");
  expect(await listed()).not.toContain(nameOf(queue));
});

test("a deletion that cannot be entered deletes nothing, and can be made again", async () => {
  const queue = freshQueue();
  await put(queue, ["a"]);
  await breakDirectory();

  const failed = await call("DELETE", queue);
  await abortAllDurableObjects();
  const afterFailure = await listed();
  const again = await call("DELETE", queue);

  expect(failed.status).toBe(503);
  expect(afterFailure).toContain(nameOf(queue));
  expect(again.body).toEqual({ deleted: true });
  expect(await listed()).not.toContain(nameOf(queue));
});

test("names are listed in the order of their characters' codes", async () => {
  const names = ["order-b", "order-B", "order-a.1", "order-a-1", "order-a_1", "order-a", "order-10", "order-9"];
  for (const name of names) await call("PUT", `/v1/queues/${name}`, {});

  const { body } = await call("GET", "/v1/queues?prefix=order-");

  expect(body.queues.map(({ name }: { name: string }) => name)).toEqual([...names].sort());
});

describe("an entry", () => {
  const directory = directoryOf(env);

  test("is pending until something is stored, and is listed all the same", async () => {
    const entry = await directory.add("entry-1", "first");

    expect(entry).toEqual({ generation: "first", isConfirmed: false });
    expect(await listed()).toContain("entry-1");
    await directory.confirm("entry-1", "first", undefined);
    expect(await directory.find("entry-1")).toEqual({ generation: "first", isConfirmed: true });
  });

  test("of a new generation is not removed, confirmed or unconfirmed by a late call of an earlier one", async () => {
    await directory.add("entry-2", "first");
    await directory.add("entry-2", "second");

    await directory.confirm("entry-2", "first", undefined);
    expect(await directory.find("entry-2")).toEqual({ generation: "second", isConfirmed: false });
    await directory.confirm("entry-2", "second", undefined);
    await directory.unconfirm("entry-2", "first");
    await directory.remove("entry-2", "first");
    const other = await directory.add("entry-2", "first");

    expect(other).toEqual({ generation: "second", isConfirmed: true });
    expect(await directory.find("entry-2")).toEqual({ generation: "second", isConfirmed: true });
  });

  /** Lets the table be of version 1, with two queues. */
  async function becomeOlder(): Promise<void> {
    await runInDurableObject(directoryOf(env), (_, { storage: { sql } }) => {
      sql.exec("DROP TABLE IF EXISTS queues");
      sql.exec("DROP TABLE IF EXISTS migrations");
      sql.exec("CREATE TABLE queues (name TEXT PRIMARY KEY) WITHOUT ROWID");
      sql.exec("INSERT INTO queues (name) VALUES ('old-1'), ('old-2')");
    });
    await abortAllDurableObjects();
  }

  function tables(): Promise<unknown> {
    return runInDurableObject(directoryOf(env), (_, { storage: { sql } }) => {
      return sql.exec("SELECT sql FROM sqlite_master ORDER BY name").toArray();
    });
  }

  test("from before generations were kept is unchanged by a migration that ends for lack of room", async () => {
    await becomeOlder();
    const before = await tables();
    await interceptStatements(directoryOf(env), {
      before: (statement) => {
        if (statement.startsWith("CREATE TABLE migrations")) throw new Error("database or disk is full: SQLITE_FULL");
      },
    });

    const { body } = await call("GET", "/v1/queues");
    const after = await tables();
    await abortAllDurableObjects();

    expect(body.code).toBe("storage_full");
    expect(after).toEqual(before);
    expect(await listed()).toEqual(["old-1", "old-2"]);
  });

  test("from before generations were kept belongs to the generation that is found", async () => {
    await becomeOlder();

    expect(await directoryOf(env).find("old-1")).toEqual({ generation: "", isConfirmed: true });
    await directoryOf(env).confirm("old-1", "life", undefined);
    await directoryOf(env).remove("old-2", "any");

    expect(await directoryOf(env).find("old-1")).toEqual({ generation: "life", isConfirmed: true });
    expect(await directoryOf(env).find("old-2")).toBeNull();
  });
});

test("a queue is confirmed once it is stored", async () => {
  const queue = freshQueue();
  await put(queue, ["a"]);

  await eventually(async () => {
    expect(await directoryOf(env).find(nameOf(queue))).toMatchObject({ isConfirmed: true });
  });
});

test("a crash between the entry and the first commit leaves a name, and no damage", async () => {
  const queue = freshQueue();
  await directoryOf(env).add(nameOf(queue), "unborn");

  expect((await call("GET", queue)).body.code).toBe("unknown_queue");
  expect(await put(queue, ["a"])).toHaveLength(1);
  await eventually(async () => {
    const entry = await directoryOf(env).find(nameOf(queue));
    expect(entry).toMatchObject({ isConfirmed: true });
    expect(entry?.generation).not.toBe("unborn");
  });
});

test("a queue that crashed before it was confirmed is confirmed by its next object", async () => {
  const queue = freshQueue();
  await put(queue, ["a"]);
  const { generation = "" } = (await directoryOf(env).find(nameOf(queue))) ?? {};
  await evictDurableObject(objectOf(queue));
  await directoryOf(env).unconfirm(nameOf(queue), generation);

  await call("GET", queue);

  await eventually(async () => {
    expect(await directoryOf(env).find(nameOf(queue))).toEqual({ generation, isConfirmed: true });
  });
});

describe("a directory that was stored by a newer build", () => {
  const detail =
    "The directory of all queues was stored by a newer build: its table has version 6, and this build knows up to version 5. Nothing in it is changed. Deploy the newer build again, or restore a backup from before it.";

  async function becomeNewer(): Promise<void> {
    await directoryOf(env).find("any");
    await runInDurableObject(directoryOf(env), (_, { storage: { sql } }) => {
      sql.exec("INSERT INTO migrations (version) VALUES (6)");
    });
    await abortAllDurableObjects();
  }

  async function becomeKnown(): Promise<void> {
    await runInDurableObject(directoryOf(env), (_, { storage: { sql } }) => {
      sql.exec("DELETE FROM migrations WHERE version = 6");
    });
    await abortAllDurableObjects();
  }

  test("is left alone: requests that need it say so, it logs one line, and a known queue is served", async () => {
    const [known, unknown] = [freshQueue(), freshQueue()];
    await put(known, ["a"]);
    await eventually(async () => {
      expect(await directoryOf(env).find(nameOf(known))).toMatchObject({ isConfirmed: true });
    });
    await becomeNewer();
    log.mockClear();

    const replies = [
      await call("GET", "/v1/queues"),
      await call("GET", unknown),
      await call("PUT", unknown, {}),
      await call("POST", `${unknown}/messages`, { messages: [{ body: "b" }] }),
      await call("DELETE", known),
    ];
    const lines = log.mock.calls.map(([line]) => line);
    const served = await receive(known);
    await becomeKnown();

    for (const reply of replies) expect(reply).toMatchObject({ status: 503, body: { code: "newer_data", detail } });
    expect(lines).toEqual([`directory: newer_data: ${detail}`]);
    expect(bodiesOf(served)).toEqual(["a"]);
    expect(await listed()).toContain(nameOf(known));
    expect((await call("GET", unknown)).body.code).toBe("unknown_queue");
  });
});
