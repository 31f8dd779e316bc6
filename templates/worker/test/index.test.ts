// The Worker as it is deployed, in the runtime of Workers: its routes, its trigger, and the handler that the queue calls.
import { createExecutionContext, createScheduledController, waitOnExecutionContext } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import worker from "../src/index";

const ORIGIN = "https://example.com";

/** How many messages the handler has finished. */
async function done(): Promise<number> {
  const response = await exports.default.fetch(`${ORIGIN}/`);
  return (await response.json<{ done: number }>()).done;
}

test("a message that is put by HTTP is handled", async () => {
  const before = await done();
  const body = JSON.stringify({ to: "ada@example.com", subject: "Welcome" });

  const response = await exports.default.fetch(`${ORIGIN}/emails`, { method: "POST", body });

  expect(response.status).toBe(202);
  await vi.waitUntil(async () => (await done()) === before + 1, { timeout: 10_000 });
});

test("a cron trigger that comes twice puts one message", async () => {
  const before = await done();
  const controller = createScheduledController({ scheduledTime: new Date("2026-01-01T07:00:00Z") });

  for (let time = 1; time <= 2; time += 1) {
    const ctx = createExecutionContext();
    await worker.scheduled(controller, env, ctx);
    await waitOnExecutionContext(ctx);
  }

  await vi.waitUntil(async () => (await done()) > before, { timeout: 10_000 });
  expect(await done()).toBe(before + 1);
});

test("a client elsewhere needs the key", async () => {
  const url = `${ORIGIN}/queues/v1/queues/emails`;

  const withKey = await exports.default.fetch(url, { headers: { Authorization: "Bearer test" } });
  const without = await exports.default.fetch(url);

  expect([withKey.status, without.status]).toEqual([200, 401]);
});
