/** Requests and replies of one isolate share its memory: beyond a bound a request is refused, and can be made again. */
import { afterEach, expect, test } from "vitest";
import { REPLIES_BYTES_MAX, REQUESTS_BYTES_MAX, replyBytes, requestBytes } from "../../src/isolate.ts";
import { bodiesOf, call, freshQueue, inspect, put, receive } from "../support/call.ts";

/** Takes the memory until the end of the test, as others would. */
const held: (() => void)[] = [];
afterEach(() => {
  for (const release of held.splice(0)) release();
});

function fill(ledger: typeof requestBytes, bytes: number): void {
  ledger.hold(bytes);
  held.push(() => ledger.release(bytes));
}

test("a request for which there is no memory is refused with a time to wait, and nothing of it is applied", async () => {
  const queue = freshQueue();
  await put(queue, ["before"]);
  fill(requestBytes, REQUESTS_BYTES_MAX);

  const refused = await call("POST", `${queue}/messages`, { messages: [{ body: "refused" }] });

  expect(refused).toMatchObject({ status: 503, body: { code: "overloaded", retryAfterSeconds: 1 } });
  expect(refused.headers.get("Retry-After")).toBe("1");
  expect(await inspect(queue)).toMatchObject({ accepted: 1 });
});

test("while clients have too much unread, what would add to it is refused, and puts and acks go on", async () => {
  const queue = freshQueue();
  await put(queue, ["a", "b"]);
  const [message] = await receive(queue);
  fill(replyBytes, REPLIES_BYTES_MAX);

  const refused = await call("POST", `${queue}/receive`);
  const acked = await call("POST", `${queue}/ack`, { receipts: [message?.receipt] });
  await put(queue, ["c"]);

  expect(refused.body.code).toBe("overloaded");
  expect(acked.body).toEqual({ acked: 1, stale: [] });
  expect(await inspect(queue)).toMatchObject({ visible: 2, leased: 0, done: 1 });
});

test("a large reply has its memory back when it was read, a request when it was answered", async () => {
  const queue = freshQueue();
  const bodies = Array<string>(4).fill("x".repeat(500_000));
  await put(queue, bodies);

  expect(bodiesOf(await receive(queue, { max: 4 }))).toEqual(bodies);

  // One holder alone may have more than there is: only if nothing is held.
  expect([requestBytes.hasRoomFor(REQUESTS_BYTES_MAX + 1), replyBytes.hasRoomFor(REPLIES_BYTES_MAX + 1)]).toEqual([
    true,
    true,
  ]);
});
