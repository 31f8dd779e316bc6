/** What has arrived and is not applied is bounded by the text in it, whichever verb it is for. */
import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { OWNER } from "../../src/api/keys/principal.ts";
import { BATCH_MESSAGES_MAX, BODY_BYTES_MAX } from "../../src/contract/limits.ts";
import { freshQueue, objectOf, put } from "../support/call.ts";
import { connect } from "../support/sockets/object-socket.ts";

/** Each is as large as a body may be: ten of them have room, and thirty do not. */
const LARGE = "b".repeat(BODY_BYTES_MAX - 2);
const CHANGES = 30;
const ROOM_MAX = 12;

test("changes that arrive together are refused as overloaded when there is no memory left for their texts", async () => {
  const queue = freshQueue();
  const [id] = await put(queue, ["a"]);

  const replies = await runInDurableObject(objectOf(queue), (object) =>
    Promise.all(Array.from({ length: CHANGES }, () => object.ask("change", { id, body: LARGE }, { principal: OWNER }))),
  );

  const codes = replies.map((reply) => (reply.ok ? "changed" : reply.code));
  expect(codes.filter((code) => code === "changed").length).toBeLessThanOrEqual(ROOM_MAX);
  expect(codes.slice(0, 5)).toEqual(["changed", "changed", "changed", "changed", "changed"]);
  expect(codes.at(-1)).toBe("overloaded");
});

test("changes that arrive over a socket count as much", async () => {
  const queue = freshQueue();
  const [id] = await put(queue, ["a"]);
  const socket = await connect(queue);

  await runInDurableObject(objectOf(queue), (object, ctx) => {
    const [server] = ctx.getWebSockets();
    for (let number = 1; number <= CHANGES; number += 1) {
      const operation = { id: number, verb: "change", request: { id, body: LARGE } };
      object.webSocketMessage(server as WebSocket, JSON.stringify(operation));
    }
  });
  const codes: string[] = [];
  while (codes.length < CHANGES) codes.push((await socket.next()).problem?.code ?? "changed");

  expect(codes.filter((code) => code === "changed").length).toBeLessThanOrEqual(ROOM_MAX);
  expect(codes).toContain("changed");
  socket.end();
});

test("headers count for each of the messages that have them, also if they came once for all", async () => {
  const queue = freshQueue();
  await put(queue, ["a"]);
  const socket = await connect(queue);
  const lines = Array<string>(BATCH_MESSAGES_MAX).fill("1");
  const messages = [{ count: BATCH_MESSAGES_MAX, headers: { text: "h".repeat(8_000) } }];

  await runInDurableObject(objectOf(queue), (object, ctx) => {
    const [server] = ctx.getWebSockets();
    for (const id of [1, 2, 3]) {
      const operation = { id, verb: "put", request: { messages }, lines: BATCH_MESSAGES_MAX };
      object.webSocketMessage(server as WebSocket, [JSON.stringify(operation), ...lines].join("\n"));
    }
  });
  const codes: Record<number, string> = {};
  while (Object.keys(codes).length < 3) {
    const { id, problem } = await socket.next();
    codes[id] = problem?.code ?? "stored";
  }

  expect(codes).toEqual({ 1: "stored", 2: "overloaded", 3: "overloaded" });
  socket.end();
});
