/** When a program with open sockets ends, and what closing the manager does. */
import { describe, expect, test } from "vitest";
import { Closed, type Queue } from "../../../worker-client/src/index.ts";
import { outputOf } from "../../support/output-of.ts";
import type { FaultyProxy } from "../../support/proxy.ts";
import { AUTHKEY, freshName, TestServer } from "../../support/server.ts";
import { runThroughProxy } from "../../support/through-proxy.ts";

const server = new TestServer();
let proxy: FaultyProxy;

runThroughProxy(server, (fresh) => {
  proxy = fresh;
});

function freshQueue<Item = unknown>(options: { retrySeconds?: number } = {}): Queue<Item> {
  return server.manager({ address: proxy.address, ...options }).queue<Item>(freshName());
}

describe("a process", () => {
  /** What a program that has a `queue` has printed. */
  function printed(program: string, { name }: Queue<string>): Promise<string> {
    const text = `const queue = manager.queue(${JSON.stringify(name)});
      ${program}`;
    return outputOf(text, { address: server.address, authkey: AUTHKEY });
  }

  test("ends by itself when it waits for nothing, although a connection is open", async () => {
    const queue = freshQueue<string>();

    expect(await printed(`console.log(await queue.put("item"));`, queue)).toMatch(/\S/);

    expect(await queue.qsize()).toBe(1);
  });

  test("stays while it waits, and ends when that is over", async () => {
    const queue = freshQueue<string>();

    const output = printed(`await queue.put(1); await queue.put(await queue.join() ? "done" : "not");`, queue);
    await queue.get();
    await queue.taskDone();

    await output;
    expect(await queue.get()).toBe("done");
  });

  test("stays for a worker, and ends when that is closed", async () => {
    const queue = freshQueue<string>();
    await queue.put("item");

    const output = await printed(
      `const worker = queue.work(({ item }) => { console.log(item); worker.close(); });`,
      queue,
    );

    expect(output).toBe("item\n");
    expect(await queue.describe()).toMatchObject({ done: 1, leased: 0 });
  });

  test("ends soon after it has closed its manager", async () => {
    const queue = freshQueue<string>();

    await printed(
      `queue.get().catch((error) => console.log(error.name)); await queue.qsize(); await manager.close();`,
      queue,
    );
  });
});

describe("closing the manager", () => {
  test("ends calls that are not answered as Closed, and the connections", async () => {
    const manager = server.manager({ address: proxy.address });
    const queue = manager.queue(freshName());
    const refusal = expect(queue.get()).rejects.toMatchObject({ name: "Closed", code: "closed", queue: queue.name });
    await queue.qsize();

    await manager.close();

    await refusal;
    await expect.poll(() => proxy.connections).toBe(0);
  });

  test.each(["websocket", "http"] as const)("refuses later calls over %s", async (transport) => {
    const manager = server.manager({ address: proxy.address, transport });
    const queue = manager.queue<number>(freshName());
    await queue.put(1);
    await manager.close();

    await expect(queue.get()).rejects.toThrow(Closed);
    await expect(manager.queue(queue.name).put(2)).rejects.toThrow(Closed);
    await expect(manager.connect()).rejects.toThrow(Closed);
  });

  test("ends what is asked over HTTP, too", async () => {
    const manager = server.manager({ address: proxy.address, transport: "http" });
    const isAsked = proxy.nextRequest("receive");
    const refusal = expect(manager.queue(freshName()).get()).rejects.toThrow(Closed);
    await isAsked;

    await manager.close();

    await refusal;
  });

  test("ends what is asked while it cannot connect", async () => {
    const manager = server.manager({ address: proxy.address });
    await proxy.refuse();
    const refusal = expect(manager.queue<number>(freshName()).put(1)).rejects.toThrow(Closed);

    await manager.close();

    await refusal;
  });

  test("ends its workers, as closing them would", async () => {
    const manager = server.manager({ address: proxy.address });
    const queue = manager.queue<number>(freshName());
    await queue.put(1);
    const worker = queue.work(() => undefined);
    await queue.join();

    await manager.close();

    expect(await worker.finished).toBeUndefined();
    expect(await worker.close()).toBeUndefined();
  });
});
