// The same with a real server, as `npm run server` starts it: on a free port, with its data in a temporary folder.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startServer } from "durable-queue/testing";
import { tasks } from "../src/tasks.ts";

test("a job that was accepted survives the crash of the server", async () => {
  await using server = await startServer();
  const manager = server.manager();
  const job = await manager.tasks(tasks).send.submit({ to: "ada@example.com", subject: "Welcome" });

  await server.crash();
  manager.work(tasks, { logger: silent });

  assert.equal((await job.result({ timeoutSeconds: 30 })).to, "ada@example.com");
});

const ignore = () => undefined;
const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore };
