/** Requests and replies of one isolate share its memory: beyond a bound a request is refused, and can be made again. */
import { afterEach, expect, test, vi } from "vitest";
import { REPLIES_BYTES_MAX, REQUESTS_BYTES_MAX } from "../../src/isolate.ts";
import { bodiesOf, call, descriptionOf, freshQueue, put, receive } from "../support/call.ts";
import { isolate } from "../support/movable-worker/queues.ts";

const { requestBytes, replyBytes } = isolate;

/** Takes the memory until the end of the test, as others would. */
const held: (() => void)[] = [];
afterEach(() => {
  for (const release of held.splice(0)) release();
});

function fill(ledger: typeof requestBytes, bytes: number): () => void {
  const taken = ledger.hold(bytes);
  const release = () => ledger.release(taken);
  held.push(release);
  return release;
}

test("a request for which there is no memory waits, and is applied when there is", async () => {
  const queue = freshQueue();
  await put(queue, ["before"]);
  const release = fill(requestBytes, REQUESTS_BYTES_MAX);

  const waiting = call("POST", `${queue}/messages`, { messages: [{ body: "waited" }] });
  expect(await descriptionOf(queue)).toMatchObject({ accepted: 1 });
  release();

  expect((await waiting).status).toBe(201);
  expect(await descriptionOf(queue)).toMatchObject({ accepted: 2 });
});

test("a request for which there is no memory for long is refused with a time to wait, and not applied", async () => {
  const queue = freshQueue();
  await put(queue, ["before"]);
  fill(requestBytes, REQUESTS_BYTES_MAX);
  const now = Date.now();
  let looks = 0;
  vi.spyOn(Date, "now").mockImplementation(() => now + 6_000 * looks++);

  const refused = await call("POST", `${queue}/messages`, { messages: [{ body: "refused" }] });
  vi.restoreAllMocks();

  expect(refused).toMatchObject({ status: 503, body: { code: "overloaded", retryAfterSeconds: 1 } });
  expect(refused.headers.get("Retry-After")).toBe("1");
  expect(await descriptionOf(queue)).toMatchObject({ accepted: 1 });
});

test("while clients have too much unread, calls that would add to it wait, and puts and acks go on", async () => {
  const queue = freshQueue();
  await put(queue, ["a", "b"]);
  const [message] = await receive(queue);
  const release = fill(replyBytes, REPLIES_BYTES_MAX);

  const waiting = call("POST", `${queue}/receive`);
  const acked = await call("POST", `${queue}/ack`, { receipts: [message?.receipt] });
  await put(queue, ["c"]);
  expect(await descriptionOf(queue)).toMatchObject({ visible: 2, leased: 0, done: 1 });
  release();

  expect(acked.body).toEqual({ acked: 1, stale: [] });
  expect(bodiesOf((await waiting).body.messages)).toEqual(["b"]);
});

test("a large reply frees its memory when it was read, a request when it was answered", async () => {
  const queue = freshQueue();
  const bodies = Array<string>(4).fill("x".repeat(500_000));
  await put(queue, bodies);

  expect(bodiesOf(await receive(queue, { max: 4 }))).toEqual(bodies);

  expect([requestBytes.heldBytes, replyBytes.heldBytes]).toEqual([0, 0]);
});
