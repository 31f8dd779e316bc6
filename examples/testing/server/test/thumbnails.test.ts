import { startServer, type TestServer } from "durable-queue/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { tasks } from "../src/tasks.ts";
import { thumbnailsOf } from "../src/thumbnails.ts";

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(() => server.stop());

test("thumbnails are made by workers", async () => {
  const [producer, consumer] = [server.manager(), server.manager()];
  consumer.work(tasks, { concurrency: 10 });

  expect(await thumbnailsOf(producer, "cat.png")).toEqual(["100/cat.png", "300/cat.png"]);
  await consumer.close();
});

test("what was submitted before the server crashed is done afterwards", async () => {
  const manager = server.manager();
  const thumbnails = thumbnailsOf(manager, "dog.png");
  await expect.poll(async () => (await manager.queue("pictures").describe()).visible).toBe(2);

  await server.crash();
  manager.work(tasks);

  expect(await thumbnails).toEqual(["100/dog.png", "300/dog.png"]);
});
