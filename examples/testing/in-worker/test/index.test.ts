import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import { type Email, sendEmails } from "../src/index.ts";

function signUp(to: string): Promise<Response> {
  return exports.default.fetch("https://example.com/", { method: "POST", body: to });
}

test("what a request puts, the handler gets", async () => {
  const response = await signUp("ada@example.com");
  const { id } = await response.json<{ id: string }>();

  await vi.waitUntil(() => env.SENT.get("ada@example.com"), { timeout: 10_000 });

  expect(await env.SENT.get("ada@example.com")).toBe(id);
});

test("the handler retries what bounces, and acks the others", async () => {
  const bodies: Email[] = [{ to: "eve@nowhere" }, { to: "bob@example.com" }];
  const messages = bodies.map((body, n) => ({ id: `${n}`, timestamp: new Date(), attempts: 1, body }));
  const batch = createMessageBatch<Email>("emails", messages);
  const ctx = createExecutionContext();

  await sendEmails(batch, env);

  const { explicitAcks, retryMessages } = await getQueueResult(batch, ctx);
  expect(explicitAcks).toEqual(["1"]);
  expect(retryMessages).toMatchObject([{ msgId: "0" }]);
});
