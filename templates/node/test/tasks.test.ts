// The tasks without a server: queues in memory, whose time the test moves.
import assert from "node:assert/strict";
import { test } from "node:test";
import { JobFailed } from "durable-queue";
import { MemoryManager } from "durable-queue/memory";
import { tasks } from "../src/tasks.ts";

test("an email is sent, and its producer is told how", async () => {
  await using memory = new MemoryManager({ time: "virtual" });
  memory.work(tasks, { logger: silent });

  const job = await memory.tasks(tasks).send.submit({ to: "ada@example.com", subject: "Welcome" });
  await memory.advance(1);

  assert.deepEqual(await job.result(), { to: "ada@example.com", characters: 7 });
});

test("an email without an address fails after five attempts", async () => {
  await using memory = new MemoryManager({ time: "virtual" });
  memory.work(tasks, { logger: silent });

  const job = await memory.tasks(tasks).send.submit({ to: "ada", subject: "Welcome" });
  await memory.advance(600);

  await assert.rejects(job.result(), (error) => error instanceof JobFailed && error.attempts === 5);
});

const ignore = () => undefined;
const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore };
