import { expect, test } from "vitest";
import { call, freshQueue } from "../support/call.ts";

test("a message that was put is received, acked and gone", async () => {
  const queue = freshQueue();
  const put = await call("POST", `${queue}/messages`, { messages: [{ body: { n: 7 } }] });
  const received = await call("POST", `${queue}/receive`, {});
  const acked = await call("POST", `${queue}/ack`, { receipts: [received.body.messages[0].receipt] });

  expect(put.status).toBe(201);
  expect(received.body.messages).toMatchObject([{ id: put.body.ids[0], body: { n: 7 }, attempt: 1, priority: 100 }]);
  expect(acked.body).toEqual({ acked: 1, stale: [] });
  expect((await call("POST", `${queue}/receive`, {})).body).toEqual({ messages: [] });
});
