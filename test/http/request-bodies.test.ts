/** Bodies that are not JSON, or too large, are refused. */
import { expect, test } from "vitest";
import { BATCH_BYTES_MAX, BODY_BYTES_MAX, REQUEST_BYTES_MAX } from "../../src/contract/limits.ts";
import { AUTHORIZATION, bodiesOf, call, freshQueue, numbers, put, receive } from "../support/call.ts";
import { refused } from "../support/http/refused-request.ts";

for (const [title, body] of [
  ["is cut off", '{"messages": [{"body": 1}'],
  ["is followed by something", '{"messages": [{"body": 1}]} more'],
  ["is JavaScript and not JSON", "{messages: [{body: 1}]}"],
  ["is white space", " "],
  ["is not UTF-8", new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d])],
  ["has a number that is none", '{"messages": [{"body": 1, "delaySeconds": NaN}]}'],
] as const) {
  test(`a body that ${title} is refused`, async () => {
    const reply = await refused("/messages", body);

    expect(reply.status).toBe(400);
    expect(reply.body).toMatchObject({
      code: "invalid",
      errors: [{ path: "", message: expect.stringMatching(/^must be (JSON|UTF-8)/) }],
    });
  });
}

test("a body as large as may be is stored, and one byte more is refused with its place", async () => {
  const queue = freshQueue();
  const largest = "x".repeat(BODY_BYTES_MAX - 2);

  await put(queue, [largest]);
  const reply = await refused("/messages", { messages: [{ body: "small" }, { body: `${largest}x` }] });

  expect(bodiesOf(await receive(queue))).toEqual([largest]);
  expect(reply.status).toBe(413);
  expect(reply.body).toMatchObject({ code: "too_large", errors: [{ path: "messages[1]" }] });
});

test("a body that is nested deeply can be put, and can be the new body of a message", async () => {
  const queue = freshQueue();
  const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
  const stored = await call("POST", `${queue}/messages`, `{"messages": [{"body": ${deep}}, {"body": "flat"}]}`);

  const changed = await call("PATCH", `${queue}/messages/${stored.body.ids[1]}`, `{"body": ${deep}, "priority": 7} `);

  expect([stored.status, changed.status, changed.body.priority]).toEqual([201, 200, 7]);
  const [first, second] = await receive(queue, { max: 2 });
  expect(JSON.stringify(second?.body)).toBe(deep);
  expect(JSON.stringify(first?.body)).toBe(deep);
});

test("a body is measured in bytes, not in characters", async () => {
  const reply = await refused("/messages", { messages: [{ body: "é".repeat(BODY_BYTES_MAX / 2) }] });

  expect(reply.status).toBe(413);
});

for (const padding of [0, 1, 2]) {
  test(`bytes as large as may be are stored, and one more is refused, where base64 has ${padding} "="`, async () => {
    const queue = freshQueue();
    const size = BODY_BYTES_MAX - ((BODY_BYTES_MAX + padding) % 3);

    const stored = await call("POST", `${queue}/messages`, { messages: [{ bytes: base64(size) }] });
    const reply = await refused("/messages", { messages: [{ bytes: base64(BODY_BYTES_MAX + 1) }] });

    expect(stored.status).toBe(201);
    expect(reply.status).toBe(413);
  });
}

test("a batch over 8 MiB is refused as a whole", async () => {
  const reply = await refused("/messages", { messages: numbers(9).map(() => ({ body: "x".repeat(1_000_000) })) });

  expect(BATCH_BYTES_MAX).toBeLessThan(9_000_000);
  expect(reply.status).toBe(413);
  expect(reply.body).toMatchObject({ code: "too_large", errors: [{ path: "messages" }] });
});

test("a request that is too large is refused by its Content-Length", async () => {
  const queue = freshQueue();
  const headers = { ...AUTHORIZATION, "Content-Length": String(REQUEST_BYTES_MAX + 1) };

  const reply = await call("POST", `${queue}/messages`, "x".repeat(REQUEST_BYTES_MAX + 1), headers);

  expect([reply.status, reply.body.code]).toEqual([413, "too_large"]);
  expect((await call("GET", queue)).status).toBe(404);
});

test("a request that is too large is refused while it arrives, if it has no Content-Length", async () => {
  let chunks = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      chunks += 1;
      controller.enqueue(new Uint8Array(64 * 1024).fill(0x20));
    },
  });

  const reply = await call("POST", `${freshQueue()}/messages`, endless);

  expect(reply.status).toBe(413);
  expect(chunks * 64 * 1024).toBeLessThan(REQUEST_BYTES_MAX + 1024 * 1024);
});

test("a body that is nested too deeply to be written is refused", async () => {
  const depth = 50_000;
  // V8 writes plain nested values without recursion, but not those with such members.
  const body = `${'[{"7":'.repeat(depth)}1${"}]".repeat(depth)}`;

  const reply = await refused("/messages", `{"messages": [{"body": ${body}}]}`);

  expect(reply.status).toBe(400);
  expect(reply.body.code).toBe("invalid");
});

function base64(size: number): string {
  return Buffer.alloc(size).toString("base64");
}
