/** A queue whose stored data is damaged says so, gives what can be read, and can be deleted. */
import { abortAllDurableObjects, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import { directoryOf } from "../../src/env.ts";
import { DamagedRow } from "../../src/queue/base/damage.ts";
import { bodiesOf, call, descriptionOf, freshQueue, nameOf, numbers, objectOf, put, receive } from "../support/call.ts";
import { eventually } from "../support/eventually.ts";
import { connect } from "../support/sockets/object-socket.ts";
import { interceptStatements } from "../support/storage.ts";

vi.spyOn(console, "error").mockReturnValue();

async function change(queue: string, statement: string): Promise<void> {
  await runInDurableObject(objectOf(queue), (_, { storage: { sql } }) => {
    sql.exec(statement);
  });
  await evictDurableObject(objectOf(queue));
}

/** Everything that is stored of a queue, to see that nothing is changed. */
function storedOf(queue: string): Promise<unknown> {
  return runInDurableObject(objectOf(queue), (_, { storage: { sql } }) =>
    JSON.stringify(sql.exec("SELECT * FROM segments ORDER BY slot").toArray()),
  );
}

/** Three segments: a full one, one that is full too, and a short one. */
async function damagedQueue(statement: string): Promise<string> {
  const queue = freshQueue();
  await put(queue, numbers(256));
  await put(queue, numbers(256));
  await put(queue, numbers(10));
  await change(queue, statement);
  return queue;
}

async function confirmed(queue: string): Promise<void> {
  await eventually(async () => {
    expect(await directoryOf(env).find(nameOf(queue))).toMatchObject({ isConfirmed: true });
  });
}

const COUNTS_OUT_OF_BALANCE = "UPDATE segments SET visible = visible + 1 WHERE number = 1";

const REQUESTS: [method: string, path: string, body?: unknown][] = [
  ["GET", ""],
  ["PUT", "", {}],
  ["POST", "/messages", { messages: [{ body: "b" }] }],
  ["GET", "/messages/none"],
  ["DELETE", "/messages/none"],
  ["POST", "/receive", {}],
  ["POST", "/receive", { timeoutSeconds: 20 }],
  ["POST", "/ack", { receipts: ["none"] }],
  ["POST", "/join", { timeoutSeconds: 20 }],
  ["POST", "/purge"],
];

describe.each([
  ["breaks the law", COUNTS_OUT_OF_BALANCE],
  ["has no configuration", "DELETE FROM queue"],
  ["has a configuration that is no JSON", "UPDATE queue SET configuration = '{'"],
  ["has totals that are no JSON", "UPDATE segments SET totals = 'x'"],
  ["has lost a table", "DROP TABLE queue"],
])("a queue that %s", (_, statement) => {
  test("answers every call with damaged, over HTTP and sockets, and changes nothing", async () => {
    const queue = await damagedQueue(statement);
    const before = await storedOf(queue);

    const replies = [];
    for (const [method, path, body] of REQUESTS) replies.push(await call(method, `${queue}${path}`, body));
    const socket = await connect(queue);
    socket.say({ id: 1, verb: "describe" }, { id: 2, verb: "subscribe", request: { credit: 5 } });
    const payloads = [await socket.next(), await socket.next()];

    expect(replies.map(({ status, body }) => `${status} ${body.code}`)).toEqual(REQUESTS.map(() => "500 damaged"));
    expect(replies[0]?.body.detail).toMatch(/damaged: .+ delete the queue/);
    expect(payloads).toMatchObject([
      { id: 1, problem: { code: "damaged" } },
      { id: 2, problem: { code: "damaged" } },
    ]);
    expect(await storedOf(queue)).toBe(before);
  });

  test("is deleted with all that it stored, and the next put creates a new queue", async () => {
    const queue = await damagedQueue(statement);

    const deleted = await call("DELETE", queue);
    const after = await call("GET", queue);
    await put(queue, ["new"]);

    expect([deleted.status, deleted.body]).toEqual([200, { deleted: true }]);
    expect(after.body.code).toBe("unknown_queue");
    expect(await descriptionOf(queue)).toMatchObject({ accepted: 1, visible: 1 });
    await evictDurableObject(objectOf(queue));
    expect(bodiesOf(await receive(queue))).toEqual(["new"]);
  });
});

describe("a list of a damaged queue", () => {
  async function listed(queue: string, query = ""): Promise<{ bodies: unknown[]; damagedRows: number; pages: number }> {
    const bodies: unknown[] = [];
    let [damagedRows, pages, cursor] = [0, 0, ""];
    for (;;) {
      const { status, body } = await call("GET", `${queue}/messages?limit=100&cursor=${cursor}${query}`);
      expect(status).toBe(200);
      bodies.push(...bodiesOf(body.messages));
      damagedRows += body.damagedRows;
      pages += 1;
      if (body.cursor === null) return { bodies, damagedRows, pages };
      cursor = body.cursor;
    }
  }

  test("has all messages if only a count is wrong, in pages", async () => {
    const queue = await damagedQueue(COUNTS_OUT_OF_BALANCE);

    expect(await listed(queue)).toEqual({
      bodies: [...numbers(256), ...numbers(256), ...numbers(10)],
      damagedRows: 0,
      pages: 6,
    });
  });

  test.each([
    ["its notes are no JSON", "notes = '{', state = zeroblob(13 * 256)"],
    ["its state is cut off", "state = zeroblob(1001)"],
    ["its payloads are no text", "payloads = x'00ff'"],
    ["its count is no number", "count = 'many'"],
  ])("leaves out a row of which %s, and says so", async (_, damage) => {
    const queue = await damagedQueue(`UPDATE segments SET ${damage} WHERE number = 2; ${COUNTS_OUT_OF_BALANCE}`);

    expect(await listed(queue)).toEqual({ bodies: [...numbers(256), ...numbers(10)], damagedRows: 1, pages: 3 });
  });

  test("leaves out single messages that do not decode", async () => {
    const queue = await damagedQueue(
      `UPDATE segments SET payloads = replace(payloads, '{"body":7,', '{"body:7,') WHERE number = 2; ${COUNTS_OUT_OF_BALANCE}`,
    );

    const { bodies, damagedRows } = await listed(queue);

    expect(bodies).toEqual([...numbers(256), ...numbers(256).filter((body) => body !== 7), ...numbers(10)]);
    expect(damagedRows).toBe(1);
  });

  test("can be of one state", async () => {
    const queue = freshQueue();
    await put(queue, numbers(5));
    await receive(queue, { max: 2 });
    await change(queue, COUNTS_OUT_OF_BALANCE);

    expect((await listed(queue, "&state=leased")).bodies).toEqual([0, 1]);
    expect((await listed(queue, "&state=visible")).bodies).toEqual([2, 3, 4]);
  });
});

describe("a row that is found damaged when it is needed", () => {
  test("is reported, and does not reset the object with each call", async () => {
    const queue = freshQueue();
    await put(queue, ["a"]);
    await evictDurableObject(objectOf(queue));
    await interceptStatements(objectOf(queue), {
      before: (statement) => {
        if (statement.startsWith("SELECT payloads")) throw new DamagedRow(1, "its payloads are cut off");
      },
    });

    const waiting = call("POST", `${queue}/join`, { timeoutSeconds: 20 });
    const replies = [await call("POST", `${queue}/receive`, {}), await call("POST", `${queue}/receive`, {})];
    const put2 = await call("POST", `${queue}/messages`, { messages: [{ body: "b" }] });

    expect([...replies, put2, await waiting].map(({ body }) => body.code)).toEqual(Array(4).fill("damaged"));
    expect(replies[0]?.body.detail).toContain("its payloads are cut off");
    expect((await call("GET", `${queue}/messages`)).body).toMatchObject({ messages: [{ body: "a" }], damagedRows: 0 });
    expect((await call("DELETE", queue)).body).toEqual({ deleted: true });
    await put(queue, ["c"]);
    expect(await descriptionOf(queue)).toMatchObject({ accepted: 1, visible: 1 });
  });

  test.each([
    ["while it is read", "SELECT payloads"],
    ["while it is written", "UPDATE"],
  ])("is told where the storage engine finds it %s, by the next object too", async (_, beginning) => {
    const queue = freshQueue();
    await put(queue, ["a"]);
    await evictDurableObject(objectOf(queue));
    await interceptStatements(objectOf(queue), {
      before: (statement) => {
        if (statement.startsWith(beginning)) throw new Error("database disk image is malformed: SQLITE_CORRUPT");
      },
    });

    await call("POST", `${queue}/receive`, {});
    const refused = await call("POST", `${queue}/receive`, {});
    await abortAllDurableObjects();
    const refusedAgain = await call("POST", `${queue}/messages`, { messages: [{ body: "b" }] });

    expect([refused, refusedAgain].map(({ body }) => body.code)).toEqual(["damaged", "damaged"]);
    expect((await call("GET", `${queue}/messages`)).body.messages).toMatchObject([{ body: "a", state: "visible" }]);
    expect((await call("DELETE", queue)).body).toEqual({ deleted: true });
    expect(await put(queue, ["c"])).toHaveLength(1);
  });
});

describe("a queue that the directory knows without stored data", () => {
  async function emptied(): Promise<string> {
    const queue = freshQueue();
    await put(queue, ["a"]);
    await confirmed(queue);
    await runInDurableObject(objectOf(queue), (_, { storage }) => storage.deleteAll());
    await abortAllDurableObjects();
    return queue;
  }

  test("is damaged, and never silently a new one", async () => {
    const queue = await emptied();

    const replies = [];
    for (const [method, path, body] of REQUESTS) replies.push(await call(method, `${queue}${path}`, body));

    expect(replies.map(({ status, body }) => `${status} ${body.code}`)).toEqual(REQUESTS.map(() => "500 damaged"));
    expect(replies[0]?.body.detail).toContain("is missing");
    expect((await call("GET", `${queue}/messages`)).body.code).toBe("damaged");
  });

  test("is cleared by its deletion", async () => {
    const queue = await emptied();

    expect((await call("DELETE", queue)).body).toEqual({ deleted: true });
    expect((await call("GET", queue)).body.code).toBe("unknown_queue");
    expect(await directoryOf(env).find(nameOf(queue))).toBeNull();
    await put(queue, ["b"]);
    expect(bodiesOf(await receive(queue, { max: 10 }))).toEqual(["b"]);
  });
});
