/** How many connections a process has, how long they last, and that they keep no process. */
import { readdirSync, readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { SOCKET_WAITS_MAX } from "../../../src/contract/limits.ts";
import { Deadline } from "../../../worker-client/src/base/deadline.ts";
import { Closed, Empty, Full, type Queue, type QueueManagerOptions } from "../../../worker-client/src/index.ts";
import { HttpClient } from "../../../worker-client/src/transport/http-client.ts";
import { IDLE_LINKS_MAX, Routes } from "../../../worker-client/src/transport/routes.ts";
import { WAITS_MAX } from "../../../worker-client/src/transport/server-waits.ts";
import { clientTime } from "../../support/client-time.ts";
import { StrangeServer } from "../../support/http/strange-server.ts";
import { outputOf } from "../../support/output-of.ts";
import { FaultyProxy } from "../../support/proxy.ts";
import { AUTHKEY, freshName, TestServer } from "../../support/server.ts";
import { numbers } from "../../support/workers/workers.ts";

const server = new TestServer();
beforeAll(() => server.start());
afterAll(() => server.remove());

/** A proxy of its own, that counts connections. */
async function withProxy(use: (proxy: FaultyProxy) => Promise<void>): Promise<void> {
  const proxy = await FaultyProxy.start(server.port);
  try {
    await use(proxy);
  } finally {
    await proxy.refuse();
  }
}

function elsewhere<Item>({ name }: Queue<Item>): Queue<Item> {
  return server.manager().queue<Item>(name);
}

describe("more calls than may wait at the server", () => {
  test("have shares that fit into a connection", () => {
    expect(Object.values(WAITS_MAX).reduce((sum, max) => sum + max, 0)).toBe(SOCKET_WAITS_MAX);
  });

  test("wait on one connection, and each gets an item of its own", async () => {
    await withProxy(async (proxy) => {
      const queue = server.manager({ address: proxy.address }).queue<number>(freshName());
      const gets = numbers(1_000).map(() => queue.get());
      await queue.qsize();

      await elsewhere(queue).putMany(numbers(1_000));

      expect((await Promise.all(gets)).sort((a, b) => a - b)).toEqual(numbers(1_000));
      expect(proxy.connections).toBe(1);
    });
  });

  test("share a bounded number of connections over HTTP", async () => {
    await withProxy(async (proxy) => {
      const queue = server.manager({ address: proxy.address, transport: "http" }).queue<number>(freshName());
      const gets = numbers(100).map(() => queue.get());
      await queue.qsize();
      await expect.poll(() => proxy.timesSeen("receive")).toBe(100);
      // Those that were tried in vain send nothing more before it is their turn.
      for (let calls = 0; calls < 5; calls += 1) await queue.qsize();
      expect(proxy.timesSeen("receive")).toBe(100);

      await elsewhere(queue).putMany(numbers(100));

      expect((await Promise.all(gets)).sort((a, b) => a - b)).toEqual(numbers(100));
      expect(await queue.qsize()).toBe(0);
    });
  });

  test("do not keep each other out: gets that wait leave room for puts and joins", async () => {
    const queue = server.manager().queue<number>(freshName());
    await queue.configure({ maxSize: 1 });
    await queue.put(-1);
    const puts = numbers(100).map((n) => queue.put(n));
    const joins = numbers(100).map(() => queue.join());
    await queue.qsize();

    const items: number[] = [];
    for (let count = 0; count <= 100; count += 1) {
      items.push(await queue.get());
      await queue.taskDone();
    }

    await Promise.all(puts);
    expect(items.sort((a, b) => a - b)).toEqual([-1, ...numbers(100)]);
    expect(await Promise.all(joins)).toEqual(Array(100).fill(true));
  });

  test("are served in their order", async () => {
    const queue = server.manager().queue<number>(freshName());
    const order: number[] = [];
    const gets = numbers(400).map((n) => queue.get().then((item) => order.push(item === n ? n : -1)));
    await queue.qsize();

    await elsewhere(queue).putMany(numbers(400));
    await Promise.all(gets);

    expect(order).toEqual(numbers(400));
  });

  test("end when their time is over, as the try did, or when they are aborted", async () => {
    const queue = server.manager().queue<number>(freshName());
    await queue.configure({ maxSize: 1 });
    await queue.put(0);
    const others = new AbortController();
    const { signal } = others;
    const puts = numbers(40).map((n) => queue.put(n, { signal }));
    const joins = numbers(40).map(() => queue.join({ signal }));
    await queue.qsize();
    const aborting = new AbortController();
    const aborted = queue.put(1, { signal: aborting.signal });

    const late = await clientTime.waited(0.1, () =>
      Promise.allSettled([queue.put(2, { timeoutSeconds: 0.1 }), queue.join({ timeoutSeconds: 0.1 })]),
    );
    expect(late).toMatchObject({ value: [{ reason: expect.any(Full) }, { value: false }] });
    aborting.abort(new Error("given up"));
    await expect(aborted).rejects.toThrow("given up");
    others.abort(new Error("over"));
    await Promise.allSettled([...puts, ...joins]);

    expect(await queue.get()).toBe(0);
    const gets = () => Promise.allSettled(numbers(250).map(() => queue.get({ timeoutSeconds: 0.1 })));
    expect(await clientTime.waited(0.1, gets)).toMatchObject({ value: Array(250).fill({ reason: expect.any(Empty) }) });
  });
});

describe("connections on which nothing is awaited", () => {
  function routesTo(address: string): Routes {
    const http = new HttpClient(address, AUTHKEY, 60, fetch);
    return new Routes({ address, authkey: AUTHKEY, retrySeconds: 60, transport: "websocket", http });
  }

  test(`are at most ${IDLE_LINKS_MAX}: the one that was used least recently is closed, and none in use`, async () => {
    // Time stands still, so that none is closed because it was idle for long.
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    onTestFinished(() => void vi.useRealTimers());
    const routes = routesTo(server.address);
    const waiting = routes.own(freshName()).send({ verb: "receive", deadline: new Deadline({}) });
    const ways = numbers(IDLE_LINKS_MAX + 20).map(() => routes.shared(freshName()));

    for (const way of ways) await way.send({ verb: "configure" });

    expect(routes.sizes).toEqual({ routes: IDLE_LINKS_MAX + 20, connections: IDLE_LINKS_MAX + 1 });
    routes.close();
    await expect(waiting).rejects.toThrow(Closed);
  });

  test("and ways to queues are forgotten when nothing uses them", async () => {
    setFlagsFromString("--expose-gc");
    const collectGarbage = runInNewContext("gc") as () => void;
    const routes = routesTo(server.address);
    const used = routes.shared(freshName());
    for (const _ of numbers(1_000)) routes.shared(freshName());

    await expect
      .poll(() => {
        collectGarbage();
        return routes.sizes.routes;
      })
      .toBe(1);
    expect((await used.send({ verb: "configure" })).isRepeated).toBe(false);
    routes.close();
  });

  test("are closed when their queue is deleted", async () => {
    await withProxy(async (proxy) => {
      const queue = server.manager({ address: proxy.address }).queue<number>(freshName());
      await queue.put(1);

      await queue.delete();

      await expect.poll(() => proxy.connections).toBe(0);
      await queue.put(2);
      expect(proxy.upgrades).toBe(2);
    });
  });
});

describe("a process", () => {
  /** What such a program has printed. A timer that keeps nothing alive fires only in a process that something else keeps. */
  function printed(program: string, options: QueueManagerOptions): Promise<string> {
    const timed = `${program}
      setTimeout(() => console.log("still there"), 3_000).unref();`;
    return outputOf(timed, { address: server.address, authkey: AUTHKEY, ...options });
  }

  test.each(["websocket", "http"] as const)("ends at once after it was refused over %s", async (transport) => {
    const program = `await manager.queue("q").put(1).catch((error) => console.log(error.name));`;

    expect(await printed(program, { authkey: "wrong", transport })).toBe("Unauthorized\n");
  });

  test.each(["websocket", "http"] as const)(
    "ends at once after a call whose time is over, over %s",
    async (transport) => {
      const silent = await StrangeServer.start({ upgrade: () => undefined, request: () => undefined });
      const { address } = silent;
      const program = `await manager.queue("q").get({ timeoutSeconds: 0.1 }).catch((error) => console.log(error.name));`;

      expect(await printed(program, { address, transport })).toBe("Unavailable\n");
      await silent.stop();
    },
  );

  test("does nothing when the client is imported, and has no module of Node in it", () => {
    const folder = new URL("../../../worker-client/src/", import.meta.url);
    const ofNode = /from "node:|process\.\w|setImmediate|Buffer/;
    const files = readdirSync(folder, { encoding: "utf8", recursive: true })
      // What threads and processes load runs on Node alone: nothing of the client imports it.
      .filter((file) => file.endsWith(".ts") && !file.startsWith("isolation/runner/"))
      .filter((file) => ofNode.test(readFileSync(new URL(file, folder), "utf8")));

    expect(files).toEqual(["base/platform.ts"]);
  });
});
