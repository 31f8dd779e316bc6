import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import { FULL_MS } from "../../src/isolate.ts";
import {
  ack,
  arrival,
  bodiesOf,
  call,
  descriptionOf,
  freshQueue,
  nameOf,
  objectOf,
  pass,
  put,
  receiptsOf,
  receive,
} from "../support/call.ts";
import { isolate } from "../support/movable-worker/queues.ts";
import { connect } from "../support/sockets/object-socket.ts";
import { interceptStatements } from "../support/storage.ts";

vi.spyOn(console, "error").mockReturnValue();

afterEach(() => {
  delete env.STORAGE_BYTES_MAX;
  delete env.HOST_STATUS;
  vi.useRealTimers();
});

const ONE = { messages: [{ body: "b" }] };

test("a queue whose storage is nearly full refuses puts and serves all other calls", async () => {
  const queue = freshQueue();
  await put(queue, ["a", "b"], "key");
  env.STORAGE_BYTES_MAX = String((await descriptionOf(queue)).storageBytes);

  const refused = await call("POST", `${queue}/messages`, { messages: [{ body: "c" }], timeoutSeconds: 20 });
  const refusedAgain = await call("POST", `${queue}/messages`, { messages: [{ body: "d" }] });
  const messages = await receive(queue, { max: 2 });
  await ack(queue, messages);

  expect([refused.status, refused.body.code, refusedAgain.body.code]).toEqual([507, "storage_full", "storage_full"]);
  expect(bodiesOf(messages)).toEqual(["a", "b"]);
  expect(await descriptionOf(queue)).toMatchObject({ accepted: 2, done: 2 });
});

test("one byte below the bound a put is stored", async () => {
  const queue = freshQueue();
  await put(queue, ["a"]);
  env.STORAGE_BYTES_MAX = String((await descriptionOf(queue)).storageBytes + 1);

  await put(queue, ["b"]);

  expect(await descriptionOf(queue)).toMatchObject({ accepted: 2 });
});

test("a put that was stored before is recognised although the storage is nearly full", async () => {
  const queue = freshQueue();
  const ids = await put(queue, ["a"], "key");
  env.STORAGE_BYTES_MAX = "1";

  expect(await put(queue, ["a"], "key")).toEqual(ids);
});

test("when enough was acked, puts are stored again", async () => {
  const queue = freshQueue();
  await put(queue, ["x".repeat(100_000)]);
  env.STORAGE_BYTES_MAX = "60000";

  const refused = await call("POST", `${queue}/messages`, { messages: [{ body: "b" }] });
  await ack(queue, await receive(queue));
  await put(queue, ["b"]);

  expect(refused.body.code).toBe("storage_full");
  expect(bodiesOf(await receive(queue))).toEqual(["b"]);
});

test("a put that waits for room when the storage becomes full is refused with storage_full when its wait ends", async () => {
  const queue = freshQueue();
  await call("PUT", queue, { maxSize: 1 });
  await put(queue, ["a"]);

  const waiting = call("POST", `${queue}/messages`, { messages: [{ body: "b" }], timeoutSeconds: 20 });
  await arrival(queue);
  env.STORAGE_BYTES_MAX = "1";
  await pass(20, queue);

  expect((await waiting).body.code).toBe("storage_full");
});

test.each(["9GB", "-1", "NaN"])(
  "a bound of %j does not turn the bound off: a queue refuses every call",
  async (text) => {
    const queue = freshQueue();
    await put(queue, ["a"]);
    const socket = await connect(queue);
    env.STORAGE_BYTES_MAX = text;

    socket.say({ id: 1, verb: "put", lines: 1 }, "b");
    const answer = await socket.next();

    expect(answer).toMatchObject({ id: 1, problem: { code: "misconfigured", status: 503 } });
    expect(answer.problem.detail).toContain(`STORAGE_BYTES_MAX is "${text}"`);
    delete env.STORAGE_BYTES_MAX;
    expect(await descriptionOf(queue)).toMatchObject({ accepted: 1 });
  },
);

test("messages expire without a call after the configuration of their server is right again", async () => {
  const queue = freshQueue();
  await call("PUT", queue, { retentionSeconds: 60 });
  await put(queue, ["old"]);
  const visible = () =>
    runInDurableObject(objectOf(queue), (_, { storage: { sql } }) => {
      return sql.exec("SELECT sum(visible) AS visible FROM segments").one().visible;
    });

  env.STORAGE_BYTES_MAX = "9GB";
  await pass(2 * 3_600, queue);
  const whileWrong = await visible();
  delete env.STORAGE_BYTES_MAX;
  await pass(2 * 3_600, queue);

  expect([whileWrong, await visible()]).toEqual([1, 0]);
});

describe("a host whose disk is nearly full", () => {
  /** Stands for the host's status, and counts how often it is asked. */
  function host(status: () => number): { asked: () => number } {
    let asked = 0;
    const fetcher = {
      async fetch() {
        asked += 1;
        return new Response(null, { status: status() });
      },
    };
    Object.assign(env, { HOST_STATUS: fetcher });
    return { asked: () => asked };
  }

  test("has puts refused from the next commit batch on, and all other calls served, until there is room again", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    let status = 200;
    const { asked } = host(() => status);
    const queue = freshQueue();

    const ids = await put(queue, ["a", "b"], "key");
    const refused = await call("POST", `${queue}/messages`, ONE);
    const known = await put(queue, ["a", "b"], "key");
    await ack(queue, await receive(queue));
    const purged = await call("POST", `${queue}/purge`);
    expect([refused.status, refused.body.code]).toEqual([507, "storage_full"]);
    expect(known).toEqual(ids);
    expect(purged.body).toEqual({ purged: 1 });
    expect(asked()).toBe(1);

    status = 404;
    vi.setSystemTime(Date.now() + 250);
    await call("POST", `${queue}/messages`, ONE);
    expect(asked()).toBe(2);
    expect(await put(queue, ["c"])).toHaveLength(1);
  });

  test("is asked again before a put that comes after a pause is refused", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    let status = 200;
    host(() => status);
    const queue = freshQueue();
    await put(queue, ["a"]);
    expect((await call("POST", `${queue}/messages`, ONE)).body.code).toBe("storage_full");

    status = 404;
    vi.setSystemTime(Date.now() + 60_000);

    expect(await put(queue, ["b"])).toHaveLength(1);
  });

  test("is not asked by calls that put nothing", async () => {
    const { asked } = host(() => 200);
    const queue = freshQueue();
    await call("PUT", queue, {});
    await receive(queue);

    expect(asked()).toBe(0);
  });
});

describe("a storage that is full", () => {
  const FULL = "database or disk is full: SQLITE_FULL";

  async function fullQueue(): Promise<string> {
    const queue = freshQueue();
    await put(queue, ["a", "b"], "key");
    const [leased] = await receive(queue, { leaseSeconds: 60 });
    await evictDurableObject(objectOf(queue));
    await interceptStatements(objectOf(queue), {
      before: (statement) => {
        if (/^(INSERT|UPDATE)/.test(statement)) throw new Error(FULL);
      },
    });
    const reply = await call("POST", `${queue}/ack`, { receipts: receiptsOf(leased === undefined ? [] : [leased]) });
    expect([reply.status, reply.body.code]).toEqual([507, "storage_full"]);
    expect(reply.body.detail).toMatch(/disk.*full/);
    return queue;
  }

  test("is reported, and for a second calls that write are refused and calls that read are answered", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    const queue = await fullQueue();
    await evictDurableObject(objectOf(queue)).catch(() => undefined);

    const replies = [
      await call("POST", `${queue}/messages`, ONE),
      await call("POST", `${queue}/receive`, {}),
      await call("POST", `${queue}/purge`),
      await call("PUT", queue, { maxSize: 5 }),
    ];
    expect(replies.map(({ body }) => body.code)).toEqual(Array(4).fill("storage_full"));
    expect(await descriptionOf(queue)).toMatchObject({ accepted: 2, leased: 1, visible: 1 });
    expect((await call("GET", `${queue}/messages`)).body.messages).toHaveLength(2);
    expect(await put(queue, ["a", "b"], "key")).toHaveLength(2);

    vi.setSystemTime(Date.now() + FULL_MS);
    expect(bodiesOf(await receive(queue))).toEqual(["b"]);
  });

  test("keeps connections: a connection that subscribes meanwhile is served when rows can be written", async () => {
    const queue = freshQueue();
    await put(queue, ["a"]);
    await evictDurableObject(objectOf(queue));
    isolate.failedCommits.noteFull(nameOf(queue), Date.now());
    const socket = await connect(queue);

    socket.say(
      { id: 1, verb: "subscribe", request: { credit: 1 } },
      { id: 2, verb: "receive", request: { wait: true } },
    );
    socket.say({ id: 3, verb: "describe" });

    expect(await socket.next()).toMatchObject({ id: 2, problem: { code: "storage_full" } });
    expect(await socket.next()).toMatchObject({ id: 3, reply: { visible: 1 } });
    await pass(FULL_MS / 1_000, queue);
    expect(await socket.next()).toMatchObject({ id: 1, reply: { credit: 1 } });
    expect(await socket.next()).toMatchObject({ push: [{ body: "a" }] });
  });

  test("is taken to be full by the object after one that ended during a commit", async () => {
    const queue = freshQueue();
    await put(queue, ["a"]);
    await evictDurableObject(objectOf(queue));
    isolate.failedCommits.begin(nameOf(queue), 2);

    expect((await call("POST", `${queue}/messages`, ONE)).body.code).toBe("storage_full");
    expect((await call("DELETE", queue)).body).toEqual({ deleted: true });
    expect(await put(queue, ["b"])).toHaveLength(1);
  });
});
