/** What a description says of the clients that are connected. */
import { hostname } from "node:os";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freshName, TestServer } from "../support/server.ts";

const server = new TestServer();
beforeAll(() => server.start());
afterAll(() => server.remove());

test("a worker is among the consumers under the name of its manager, with what it holds", async () => {
  await using manager = server.manager({ name: "mailer 7" });
  const queue = manager.queue(freshName());
  await queue.put("item");
  const begun = Promise.withResolvers<void>();
  const end = Promise.withResolvers<void>();
  await using worker = queue.work(() => {
    begun.resolve();
    return end.promise;
  });
  await begun.promise;

  const { connected, consumers } = await queue.describe();

  expect(connected).toBe(2);
  expect(consumers).toMatchObject([{ name: "mailer 7", key: "owner", inHand: 1, since: expect.any(Number) }]);
  end.resolve();
  await worker.close();
});

test("a client without a name goes under the machine and the process", async () => {
  await using manager = server.manager();
  const queue = manager.queue(freshName());
  await queue.put("item");
  const [message] = await queue.receive();

  const { consumers } = await queue.describe();

  expect(consumers).toMatchObject([{ name: `${hostname()}:${process.pid}`, inHand: 1 }]);
  await message?.ack();
});
