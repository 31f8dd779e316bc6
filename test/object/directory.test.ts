import { abortAllDurableObjects } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import { directoryOf } from "../../src/env.ts";
import { call, freshQueue, nameOf, put } from "../support/call.ts";
import { interceptStatements } from "../support/storage.ts";

async function listed(): Promise<string[]> {
  const { body } = await call("GET", "/v1/queues?limit=1000");
  return body.queues.map(({ name }: { name: string }) => name);
}

/** Lets every statement of the directory fail until its object is aborted. */
async function breakDirectory(): Promise<void> {
  await interceptStatements(directoryOf(env), {
    before: () => {
      throw new Error("The directory cannot be written to.");
    },
  });
}

vi.spyOn(console, "error").mockReturnValue();

test("the directory survives its object's end", async () => {
  const queue = freshQueue();
  await put(queue, ["a"]);

  await abortAllDurableObjects();

  expect(await listed()).toContain(nameOf(queue));
});

test("a queue that cannot be entered is not created: none is stored that is not listed", async () => {
  const queue = freshQueue();
  await breakDirectory();

  const reply = await call("POST", `${queue}/messages`, { messages: [{ body: "a" }] });
  await abortAllDurableObjects();

  expect(reply.status).toBe(503);
  expect((await call("GET", queue)).body.code).toBe("unknown_queue");
  expect(await listed()).not.toContain(nameOf(queue));
});

test("a deletion that cannot be entered leaves a name too many, and can be made again", async () => {
  const queue = freshQueue();
  await put(queue, ["a"]);
  await breakDirectory();

  const failed = await call("DELETE", queue);
  await abortAllDurableObjects();
  const afterFailure = await listed();
  const again = await call("DELETE", queue);

  expect(failed.status).toBe(503);
  expect(afterFailure).toContain(nameOf(queue));
  expect(again.body.code).toBe("unknown_queue");
  expect(await listed()).not.toContain(nameOf(queue));
});

test("names are listed in the order of their characters' codes", async () => {
  const names = ["order-b", "order-B", "order-a.1", "order-a-1", "order-a_1", "order-a", "order-10", "order-9"];
  for (const name of names) await call("PUT", `/v1/queues/${name}`, {});

  const { body } = await call("GET", "/v1/queues?prefix=order-");

  expect(body.queues.map(({ name }: { name: string }) => name)).toEqual([...names].sort());
});
