/** A server that is killed has, when it comes back, what it acknowledged. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { freshName, TestServer } from "../support/server.ts";

const server = new TestServer();

beforeAll(() => server.start());
afterAll(() => server.remove());

async function crashAndRestart(): Promise<void> {
  await server.crash();
  await server.start();
}

test("messages that were put before a crash are received after it, in their order", async () => {
  const queue = server.manager().queue<number>(freshName());
  const ids = await queue.putMany(Array.from({ length: 500 }, (_, n) => n));
  ids.push(await queue.put(500));

  await crashAndRestart();
  const messages = await queue.receive({ max: 1_000 });

  expect(messages.map(({ item, id, attempt }) => [item, id, attempt])).toEqual(ids.map((id, n) => [n, id, 1]));
});

test("a lease from before a crash is valid after it", async () => {
  const queue = server.manager().queue<string>(freshName());
  await queue.putMany(["acked", "held", "free"]);
  const [acked, held] = await queue.receive({ max: 2, leaseSeconds: 600 });
  await acked?.ack();

  await crashAndRestart();
  const others = await queue.receive({ max: 10 });

  expect(others.map(({ item }) => item)).toEqual(["free"]);
  expect([await acked?.ack(), await held?.ack()]).toEqual([false, true]);
});

test("a put is tried again through a crash and stored once", async () => {
  const queue = server.manager().queue<string>(freshName());
  await queue.put("before");
  await server.crash();

  const putting = queue.put("during");
  await server.start();
  await putting;

  expect(await queue.describe()).toMatchObject({ accepted: 2 });
  expect([await queue.get(), await queue.get()]).toEqual(["before", "during"]);
});

test("a put that was stored before the crash is not stored again by a second try under its key", async () => {
  const queue = server.manager().queue<string>(freshName());
  const id = await queue.put("item", { idempotencyKey: "key" });

  await crashAndRestart();

  expect(await queue.put("item", { idempotencyKey: "key" })).toBe(id);
  expect(await queue.qsize()).toBe(1);
});

test("a get that waits while the server is killed gets what is put when it is back", async () => {
  const queue = server.manager().queue<string>(freshName());
  const getting = queue.get({ timeoutSeconds: 60 });
  await queue.configure({});

  await crashAndRestart();
  await queue.put("late");

  expect(await getting).toBe("late");
});

test("a join that waits while the server is killed ends when all is done", async () => {
  const queue = server.manager().queue<string>(freshName());
  await queue.put("item");
  const joining = queue.join({ timeoutSeconds: 60 });
  await queue.get();

  await crashAndRestart();
  await queue.taskDone();

  expect(await joining).toBe(true);
});

test("the names of the queues, and their configurations, survive a crash", async () => {
  const manager = server.manager();
  const [kept, deleted] = [freshName(), freshName()];
  await manager.queue(kept).configure({ maxSize: 7, leaseSeconds: 90 });
  await manager.queue(deleted).put("item");
  await manager.queue(deleted).delete();

  await crashAndRestart();
  const names: string[] = [];
  for await (const name of manager.queueNames()) names.push(name);

  expect(names).toContain(kept);
  expect(names).not.toContain(deleted);
  expect(await manager.queue(kept).describe()).toMatchObject({ maxSize: 7, leaseSeconds: 90 });
});

test("a message that dies after a crash, of a lease from before it, reaches the dead-letter queue although no client calls", async () => {
  const tasks = server.manager().queue<string>(freshName());
  const dead = server.manager().queue<string>(freshName());
  await tasks.configure({ maxAttempts: 1, deadLetterQueue: dead.name });
  await tasks.put("poison");
  await tasks.receive({ leaseSeconds: 1 });

  await crashAndRestart();
  const [letter] = await dead.receive({ timeoutSeconds: 25 });

  expect(letter).toMatchObject({ item: "poison", deadLetter: { queue: tasks.name, reason: "max_attempts" } });
});
