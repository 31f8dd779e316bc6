/** What is published on the channels of node:diagnostics_channel. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { MemoryManager } from "../../../worker-client/memory/index.ts";
import type { Diagnostics } from "../../../worker-client/src/index.ts";
import { defineTasks, task } from "../../../worker-client/src/tasks/index.ts";
import { freshName, TestServer } from "../../support/server.ts";

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** Everything that is published on these channels from now on, with the channels' names. */
function published(...names: (keyof Diagnostics)[]): [name: string, message: unknown][] {
  const heard: [string, unknown][] = [];
  for (const name of names) {
    const hear = (message: unknown) => void heard.push([name, message]);
    subscribe(name, hear);
    ends.push(() => void unsubscribe(name, hear));
  }
  return heard;
}

describe("a worker", () => {
  test("publishes what becomes of messages and jobs as plain objects, without what is in them", async () => {
    await using memory = new MemoryManager({ time: "virtual" });
    const heard = published(
      ...(["durable-queue:put", "durable-queue:started", "durable-queue:completed"] as const),
      ...(["durable-queue:failed", "durable-queue:retrying", "durable-queue:dead"] as const),
    );
    const error = new Error("no disk");
    const tasks = defineTasks("images", {
      resize: task({
        maxAttempts: 2,
        run: (input: string) => {
          if (input === "bad") throw error;
          return { secret: input };
        },
      }),
    });
    memory.work(tasks, { onError: () => undefined });
    const good = await memory.tasks(tasks).resize.submit("good");
    await memory.advance(0);
    const bad = await memory.tasks(tasks).resize.submit("bad");
    await memory.advance(10);

    const about = (id: string, attempt: number) => ({ queue: "images", id, attempt, task: "resize" });
    const seconds = expect.any(Number);
    const put = ["durable-queue:put", { queue: "images", count: 1 }];
    const [first, second] = [about(bad.id, 1), about(bad.id, 2)];
    const inOrder = (id: string) => heard.filter(([, message]) => (message as { id?: string }).id === id);
    expect(heard.filter(([name]) => name === "durable-queue:put")).toEqual([put, put]);
    expect(inOrder(good.id)).toEqual([
      ["durable-queue:started", about(good.id, 1)],
      ["durable-queue:completed", { ...about(good.id, 1), seconds }],
    ]);
    expect(inOrder(bad.id)).toEqual([
      ["durable-queue:started", first],
      ["durable-queue:failed", { ...first, error, seconds }],
      ["durable-queue:retrying", { ...first, error }],
      ["durable-queue:started", second],
      ["durable-queue:failed", { ...second, error, seconds }],
      ["durable-queue:dead", { ...second, error, reason: "max_attempts" }],
    ]);
  });

  test("publishes also for a subscriber that came, or whose channel was made, after it began", async () => {
    await using memory = new MemoryManager({ time: "virtual" });
    const queue = memory.queue<string>("letters");
    queue.work(() => undefined);
    await queue.put("before");
    await memory.advance(0);

    const heard = published("durable-queue:completed");
    await queue.put("after");
    await memory.advance(0);

    expect(heard).toHaveLength(1);
  });

  test("prints what it publishes all the same", async () => {
    const printed = vi.spyOn(console, "error").mockReturnValue();
    published("durable-queue:failed", "durable-queue:error");
    await using memory = new MemoryManager({ time: "virtual" });
    const queue = memory.queue<string>("letters");
    queue.work(() => Promise.reject("no"));
    await queue.put("a");

    await memory.advance(0);

    expect(printed).toHaveBeenCalledTimes(1);
    vi.restoreAllMocks();
  });
});

test("a put that is refused is not published", async () => {
  const heard = published("durable-queue:put");
  await using memory = new MemoryManager({ time: "virtual" });
  const queue = memory.queue<string>("letters");
  await queue.configure({ maxSize: 1 });
  await queue.putMany([]);
  await queue.put("a");

  await expect(queue.putNowait("b")).rejects.toThrow();

  expect(heard).toEqual([["durable-queue:put", { queue: "letters", count: 1 }]]);
});

describe("a connection", () => {
  const server = new TestServer();
  beforeAll(() => server.start());
  afterAll(() => server.remove());

  test("that is cut, and the next one, are published with the queue", async () => {
    const heard = published("durable-queue:disconnected", "durable-queue:reconnect");
    await using manager = server.manager();
    const queue = manager.queue<string>(freshName());
    queue.work(() => undefined);
    await queue.put("a");
    await queue.join();
    expect(heard).toEqual([]);

    await server.crash();
    await server.start();
    await queue.put("b");
    await queue.join();

    await expect.poll(() => heard.map(([name]) => name)).toContain("durable-queue:reconnect");
    expect(heard[0]).toEqual(["durable-queue:disconnected", { queue: queue.name, error: expect.any(Error) }]);
    expect(heard.find(([name]) => name === "durable-queue:reconnect")?.[1]).toEqual({ queue: queue.name });
  });
});
