/** The operations of a subscription on a socket, as a server of the test reads them. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type { WebSocket } from "ws";
import { CREDIT_MAX, RECEIPTS_MAX } from "../../../src/contract/limits.ts";
import type { QueueError } from "../../../worker-client/src/base/errors.ts";
import type { Pushes, Route } from "../../../worker-client/src/transport/call.ts";
import { HttpClient } from "../../../worker-client/src/transport/http-client.ts";
import { Routes } from "../../../worker-client/src/transport/routes.ts";
import type { SubscriptionListener } from "../../../worker-client/src/transport/subscription-listener.ts";
import { clientTime } from "../../support/client-time.ts";
import { StrangeServer } from "../../support/http/strange-server.ts";

interface Operation {
  id: number;
  verb: string;
  request?: Record<string, unknown>;
}

let server: StrangeServer;
let routes: Routes;
let route: Route;
let pushes: Pushes;
/** The operations of each frame that came. */
let frames: Operation[][];
let socket: WebSocket;
let answer: (operation: Operation) => object | undefined;

beforeEach(async () => {
  frames = [];
  answer = () => undefined;
  server = await StrangeServer.start({
    socket(opened) {
      socket = opened;
      opened.on("message", (data) => {
        if (data.toString() === "ping") return opened.send("pong");
        const operations: Operation[] = data
          .toString()
          .split("\n")
          .map((line) => JSON.parse(line));
        frames.push(operations);
        for (const { id, reply } of operations.map((each) => ({ id: each.id, reply: answer(each) }))) {
          if (reply !== undefined) opened.send(JSON.stringify({ id, ...reply }));
        }
      });
    },
  });
  const { address } = server;
  const http = new HttpClient(address, "key", 60, fetch);
  routes = new Routes({ address, authkey: "key", retrySeconds: 60, transport: "websocket", http });
  route = routes.own("queue");
  pushes = route.pushes as Pushes;
});
afterEach(async () => {
  routes.close();
  await server.stop();
});

function listener(told: Partial<SubscriptionListener> = {}): SubscriptionListener {
  const nothing = () => undefined;
  return {
    ...{ connected: nothing, granted: nothing, pushed: nothing, lost: nothing, unsubscribed: nothing },
    ...{ disconnected: nothing, away: nothing, back: nothing, ended: nothing, unsupported: nothing },
    ...told,
  };
}

/** Resolves when the listener can grant credit. */
function connected(told: Partial<SubscriptionListener> = {}): Promise<void> {
  return new Promise((settle) => pushes.subscribe(listener({ connected: settle, ...told })));
}

function ids(): number[] {
  return frames.flat().map(({ id }) => id);
}

describe("begin", () => {
  test("goes at once, in one frame with the acks before it", async () => {
    await connected();

    const acked = route.send({ verb: "ack", request: { receipts: ["a-1"] } });
    pushes.begin(["b-1"]);
    await expect.poll(() => frames.length).toBe(1);

    expect(frames[0]).toMatchObject([
      { verb: "ack", request: { receipts: ["a-1"] } },
      { verb: "begin", request: { receipts: ["b-1"] } },
    ]);
    acked.catch(() => undefined);
  });

  test("is heard although its process is killed right after", async () => {
    const folder = new URL("../../../worker-client/src/", import.meta.url);
    const text = `
      import { HttpClient } from "${folder}transport/http-client.ts";
      import { Routes } from "${folder}transport/routes.ts";
      const address = ${JSON.stringify(server.address)};
      const http = new HttpClient(address, "key", 60, fetch);
      const { pushes } = new Routes({ address, authkey: "key", retrySeconds: 60, transport: "websocket", http }).own("queue");
      pushes.subscribe({ connected() { pushes.begin(["a-1"]); process.kill(process.pid, "SIGKILL"); } });`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", text], { stdio: "inherit" });

    expect(await once(child, "exit")).toEqual([null, "SIGKILL"]);

    await expect.poll(() => frames.flat()).toMatchObject([{ verb: "begin", request: { receipts: ["a-1"] } }]);
  });

  test("is divided where there are more receipts than one operation may have", async () => {
    await connected();

    pushes.begin(Array.from({ length: RECEIPTS_MAX + 1 }, (_, n) => `r-${n}`));
    await expect.poll(() => frames.length).toBe(1);

    expect(frames[0]?.map(({ request = {} }) => (request.receipts as string[]).length)).toEqual([RECEIPTS_MAX, 1]);
  });

  test("says nothing while there is no connection", async () => {
    pushes.begin(["a-1"]);
    await connected();

    pushes.begin(["b-1"]);
    await expect.poll(() => frames.flat()).toMatchObject([{ request: { receipts: ["b-1"] } }]);
  });
});

describe("a grant", () => {
  test("is answered with the moment at which it was sent", async () => {
    answer = ({ verb }) => (verb === "subscribe" ? { reply: { credit: 5, leaseSeconds: 7, time: 8 } } : undefined);
    const granted = vi.fn();
    await connected({ granted });
    const before = performance.now();

    expect(pushes.grant({ credit: 2 })).toBe(true);
    expect(pushes.grant({ credit: 3, leaseSeconds: 7 })).toBe(true);
    await expect.poll(() => granted.mock.calls).toHaveLength(1);

    expect(frames.flat()).toMatchObject([{ verb: "subscribe", request: { credit: 5, leaseSeconds: 7 } }]);
    const [reply, sentAt] = granted.mock.calls[0] ?? [];
    expect(reply).toEqual({ credit: 5, leaseSeconds: 7, time: 8 });
    expect(sentAt.steadyMs).toBeGreaterThanOrEqual(before);
  });

  test("is divided into parts that are allowed, each with an id of its own", async () => {
    await connected();

    pushes.grant({ credit: CREDIT_MAX + 1 });
    await expect.poll(() => frames.length).toBe(1);

    expect(frames[0]).toMatchObject([{ request: { credit: CREDIT_MAX } }, { request: { credit: 1 } }]);
    expect(new Set(ids()).size).toBe(2);
  });

  test("that the server has no memory for is said again", async () => {
    const overloaded = { code: "overloaded", status: 503, detail: "Busy." };
    answer = ({ verb }) => {
      if (verb !== "subscribe") return undefined;
      return frames.flat().length === 1 ? { problem: overloaded } : { reply: { credit: 1, leaseSeconds: 1, time: 1 } };
    };
    const granted = vi.fn();
    await connected({ granted });

    pushes.grant({ credit: 1 });

    await expect.poll(() => granted.mock.calls).toHaveLength(1);
  });

  test("is refused without a connection", () => {
    expect(pushes.grant({ credit: 1 })).toBe(false);
  });
});

test("stops of the same turn are one operation, and no two operations have the same id", async () => {
  await connected();
  const aborting = new AbortController();
  const { Deadline } = await import("../../../worker-client/src/base/deadline.ts");
  const call = () => route.send({ verb: "receive", deadline: new Deadline({}), signal: aborting.signal });
  const calls = Promise.allSettled([call(), call(), call()]);
  await expect.poll(() => frames.flat().length).toBe(3);

  aborting.abort(new Error("given up"));
  pushes.grant({ credit: 1 });
  pushes.unsubscribe();
  await calls;
  await expect.poll(() => frames.flat().length).toBe(5);

  const stop = frames.flat().filter(({ verb }) => verb === "cancel_wait");
  expect(stop).toMatchObject([{ request: { ids: ids().slice(0, 3) } }]);
  expect(new Set(ids()).size).toBe(5);
});

test("a restart gives the connection up and opens another one, on which all is sent again", async () => {
  const disconnected = vi.fn();
  const connects = vi.fn();
  pushes.subscribe(listener({ disconnected, connected: connects }));
  await expect.poll(() => connects.mock.calls.length).toBe(1);
  const putting = route.send({ verb: "describe" });
  await expect.poll(() => frames.flat().length).toBe(1);
  answer = () => ({ reply: { name: "queue" } });

  pushes.restart();

  expect(disconnected).toHaveBeenCalledTimes(1);
  expect(await putting).toEqual({ value: { name: "queue" }, isRepeated: true });
  expect(connects).toHaveBeenCalledTimes(2);
  expect(server.upgrades).toBe(2);
});

test("the listener is called for leases that ended, and for the end of the route", async () => {
  const lost = vi.fn();
  const ended = vi.fn();
  await connected({ lost, ended });

  socket.send('{"lost":["a-1","b-1"]}');
  await expect.poll(() => lost.mock.calls).toEqual([[["a-1", "b-1"]]]);
  routes.close();

  expect(ended.mock.calls[0]?.[0]).toMatchObject({ name: "Closed", code: "closed" });
});

test("a server that stays away is reported, with the address and the cause", async () => {
  clientTime.take();
  onTestFinished(() => clientTime.giveBack());
  await connected();
  const { address } = server;
  await server.stop();
  const told: QueueError[] = [];
  pushes.subscribe(listener({ away: (error) => told.push(error) }));
  while (told.length === 0) await clientTime.pass(0.5);

  expect(told).toMatchObject([{ code: "unavailable", queue: "queue", cause: expect.any(Error) }]);
  expect(told[0]?.message).toContain(`${address} could not be reached for `);
});
