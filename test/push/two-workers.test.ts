/** Queues in one Worker, their consumers in another one, with service bindings both ways. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestHarness } from "wrangler";
import { QueueManager } from "../../worker-client/src/index.ts";

const harness = createTestHarness({
  workers: ["shop", "mailer"].map((name) => ({
    configPath: join(import.meta.dirname, `workers/pair/${name}/wrangler.jsonc`),
  })),
});
let manager: QueueManager;

beforeAll(async () => {
  const { origin } = (await harness.listen()).url;
  manager = new QueueManager({ address: `${origin}/queues`, authkey: "pair", transport: "http" });
});
afterAll(async () => {
  await manager.close();
  await harness.close();
});

// cloudflare/workers-sdk#9795, cloudflare/workers-sdk#10861
test("a consumer of another Worker has its own bindings and props, and may put into the queue that calls it", async () => {
  const emails = manager.queue("emails");

  await emails.put({ to: "ada", copies: 2 });

  const sent = manager.queue("sent");
  const mail = { to: "ada", from: "mailer", props: { shop: "first" } };
  expect([await sent.get(), await sent.get(), await sent.get()]).toEqual([mail, mail, mail]);
  await expect.poll(() => emails.describe()).toMatchObject({ done: 3, unfinished: 0, push: { state: "running" } });
});

test("a queue for which the other Worker has no consumer keeps its messages", async () => {
  const reports = manager.queue("reports");

  await reports.put("a");

  expect(await reports.describe()).toMatchObject({ visible: 1, push: null });
});
