/** Results of messages that are of no task, and tasks in memory. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { MemoryManager } from "../../../worker-client/memory/index.ts";
import type { Message, Queue } from "../../../worker-client/src/index.ts";
import { defineTasks, task } from "../../../worker-client/src/tasks/index.ts";
import { freshName, TestServer } from "../../support/server.ts";

const server = new TestServer();

beforeAll(() => server.start());
afterAll(() => server.remove());

async function received(queue: Queue<string>): Promise<Message<string>> {
  const [message] = await queue.receive();
  return message as Message<string>;
}

test("a message that is acked with a result has it, for those that know its id", async () => {
  await using manager = server.manager();
  const queue = manager.queue<string>(freshName());
  const [first, second, third] = (await queue.putMany(["a", "b", "c"])) as [string, string, string];
  const messages = await queue.receive({ max: 3 });
  const awaited = queue.result(first);
  await Promise.all([messages[0]?.ack({ result: { n: 1 } }), messages[1]?.ack(), messages[2]?.ack({ result: null })]);

  expect(await awaited).toEqual({ n: 1 });
  expect(await queue.status(third)).toMatchObject({ state: "done", result: null, task: undefined });
  await expect(queue.result(second)).rejects.toMatchObject({ code: "unknown_message", expired: true });
  await expect(messages[0]?.ack({ result: 5n })).rejects.toThrow(/has no JSON form/);
});

test("a message that is put with resultSeconds tells of its end without a result too", async () => {
  await using manager = server.manager();
  const queue = manager.queue<string>(freshName());
  const id = await queue.put("a", { resultSeconds: 60 });
  const message = await received(queue);

  expect(message.resultSeconds).toBe(60);
  expect(await message.progress({ percent: 5 })).toEqual({ cancelled: false });
  expect(await queue.status(id)).toMatchObject({ state: "running", progress: { percent: 5 } });
  await message.ack();
  expect(await queue.result(id)).toBeNull();
});

test("a message that was cancelled tells so with its progress, and its signal is aborted", async () => {
  await using manager = server.manager();
  const queue = manager.queue<string>(freshName());
  const id = await queue.put("a", { resultSeconds: 60 });
  const message = await received(queue);
  await queue.cancel(id);

  expect(await message.progress(1)).toEqual({ cancelled: true });
  expect(message.signal.aborted).toBe(true);
});

test("a message can be released for later", async () => {
  await using manager = server.manager();
  const queue = manager.queue<string>(freshName());
  const id = await queue.put("a");
  await (await received(queue)).release({ delaySeconds: 60 });

  expect(await queue.peek(id)).toMatchObject({ state: "delayed", attempts: 0 });
});

test("tasks work in memory, in virtual time", async () => {
  await using memory = new MemoryManager({ time: "virtual" });
  const tasks = defineTasks("images", { double: task({ run: (n: number) => n * 2 }) });
  memory.work(tasks);
  const client = memory.tasks(tasks);
  const job = await client.double.submit(4);
  const later = await client.double.submit(5, { delaySeconds: 3_600 });
  const awaited = later.result();

  expect(await job.result()).toBe(8);
  expect(await later.status()).toMatchObject({ state: "delayed" });
  await memory.advance(3_600);
  expect(await awaited).toBe(10);
});
