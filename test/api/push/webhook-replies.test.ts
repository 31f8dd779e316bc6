import { expect, test } from "vitest";
import { meaningOf, retryAfterMsIn } from "../../../src/push/webhook/answers.ts";
import { verdictsIn } from "../../../src/push/webhook/reply.ts";
import { requestBody, sentMessages } from "../../../src/push/webhook/request-body.ts";

const ACK = { verb: "ack" };

test("a reply retries and rejects the messages that it names, and acks the others", () => {
  const reply = {
    retry: [{ id: "b", delaySeconds: 1.5, error: "busy" }, "e", { id: "z" }],
    reject: [{ id: "c", error: { name: "TypeError", message: "wrong", stack: "at c" } }, { id: "b" }],
  };

  expect(verdictsIn(["a", "b", "c", "d", "e"], JSON.stringify(reply))).toEqual([
    ACK,
    { verb: "retry", delayMs: 1_500, error: { name: "Error", message: "busy" } },
    { verb: "reject", error: { name: "TypeError", message: "wrong", stack: "at c" } },
    ACK,
    { verb: "retry" },
  ]);
});

test.for([
  undefined,
  "",
  "OK",
  "null",
  "7",
  '"retry"',
  "[]",
  '["a"]',
  "{}",
  '{"retry":"a"}',
  '{"retry":{"id":"a"}}',
  '{"retry":[null,7,[],{},{"id":7}]}',
  '{"ok":true,"retry":[]}',
  '{"retry":[{"id":"A"}]}',
  "{broken",
])("a reply %j acks all messages", (body) => {
  expect(verdictsIn(["a", "b"], body)).toEqual([ACK, ACK]);
});

test.for([-1, "5", null, Number.NaN, {}])("a delay of %j is the delay of the queue", (delaySeconds) => {
  expect(verdictsIn(["a"], JSON.stringify({ retry: [{ id: "a", delaySeconds }] }))).toEqual([{ verb: "retry" }]);
});

test("a delay and an error are bounded", () => {
  const error = { name: "n".repeat(9_999), message: "m".repeat(9_999), stack: "s".repeat(9_999), other: 1 };
  const [verdict] = verdictsIn(["a"], JSON.stringify({ retry: [{ id: "a", delaySeconds: 1e99, error }] }));

  expect(verdict).toEqual({
    verb: "retry",
    delayMs: 31_622_400_000,
    error: { name: "n".repeat(128), message: "m".repeat(1_024), stack: "s".repeat(8_192) },
  });
});

test.for([
  ["handled", [200, 201, 202, 204, 299]],
  ["failed", [400, 402, 406, 409, 413, 418, 422, 451, 500, 501, 505, 531, 599]],
  ["faulty", [300, 301, 302, 304, 307, 308, 401, 403, 404, 405, 407, 408, 421, 502, 504, 520, 522, 525, 530]],
  ["busy", [429, 503]],
  ["gone", [410]],
] as const)("answers that mean %s", ([meaning, statuses]) => {
  expect(statuses.map(meaningOf)).toEqual(statuses.map(() => meaning));
});

test.for([
  ["120", 120_000],
  [" 0 ", 0],
  ["1.5", 1_500],
  ["99999999", 3_600_000],
  ["Wed, 21 Oct 2026 07:28:30 GMT", 30_000],
  ["Wed, 21 Oct 2026 07:27:00 GMT", 0],
  ["Wed, 21 Oct 2099 07:27:00 GMT", 3_600_000],
  ["", undefined],
  ["soon", undefined],
  ["-5", undefined],
  ["2026-10-21", undefined],
  [null, undefined],
] as const)("Retry-After %j is %j milliseconds", ([header, ms]) => {
  expect(retryAfterMsIn(header, Date.parse("2026-10-21T07:28:00Z"))).toBe(ms);
});

test("a body has the messages as their consumers get them, without receipts, and numbers to the last digit", () => {
  const messages =
    '[{"id":"0.g-1-0","attempt":1,"receipt":"0.g-1-0.1","leaseEndsAt":9.5,"lastError":"a \\"quoted\\" error","body":{"n":12345678901234567890,"receipt":"mine","x":[{"id":"]}"}]},"priority":100,"putAt":1},' +
    '{"id":"0.g-1-1","attempt":2,"receipt":"0.g-1-1.7","leaseEndsAt":9.5,"bytes":"AAE=","priority":100,"putAt":2}]';

  const { ids, json } = sentMessages(messages);

  expect(ids).toEqual(["0.g-1-0", "0.g-1-1"]);
  expect(requestBody("emails", json, 1_000)).toBe(
    '{"type":"durable_queue.batch","timestamp":"1970-01-01T00:00:01.000Z","queue":"emails","messages":[' +
      '{"id":"0.g-1-0","attempt":1,"leaseEndsAt":9.5,"lastError":"a \\"quoted\\" error","body":{"n":12345678901234567890,"receipt":"mine","x":[{"id":"]}"}]},"priority":100,"putAt":1},' +
      '{"id":"0.g-1-1","attempt":2,"leaseEndsAt":9.5,"bytes":"AAE=","priority":100,"putAt":2}]}',
  );
});

test("no messages are no elements", () => {
  expect(sentMessages("[]")).toEqual({ ids: [], json: "[]" });
});

test("a text of backslashes and quotes ends no message before its end", () => {
  const bodies = ["\\", '\\"', '"', "\\\\", '}],[{"', 'a\\\\\\"b', ""];
  const texts = bodies.map((body, index) => `{"id":"${index}","attempt":1,"body":${JSON.stringify(body)}}`);

  expect(sentMessages(`[${texts.join(",")}]`)).toEqual({ ids: Object.keys(bodies), json: `[${texts.join(",")}]` });
});

test("an error whose parts are no texts is cut to one", () => {
  const error = { name: "", message: { toString: 1 } };

  expect(verdictsIn(["a"], JSON.stringify({ retry: [{ id: "a", error }] }))).toEqual([
    { verb: "retry", error: { name: "Error", message: '{"toString":1}' } },
  ]);
});
