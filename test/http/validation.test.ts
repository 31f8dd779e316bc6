/** A request that breaks a rule is refused with the field and the rule, and changes nothing. */
import { expect, test } from "vitest";
import { bodiesOf, call, freshQueue, nameOf, put, receive } from "../support/call.ts";
import { refused } from "../support/refused-request.ts";

const RECEIPT = { receipts: ["r"] };
const MESSAGE = { body: 1 };
const NAME_RULE = "must be 1 to 128 of A-Z a-z 0-9 . _ - and begin with a letter or a digit";

for (const [verb, body, path, rule] of [
  // Unknown fields
  [
    "/messages",
    { messages: [MESSAGE], surprise: 1 },
    "surprise",
    "is not a field of this request; its fields are messages, timeoutSeconds",
  ],
  [
    "/messages",
    { messages: [MESSAGE, { body: 1, delay: 5 }] },
    "messages[1].delay",
    "is not a field of this request; did you mean delaySeconds?",
  ],
  [
    "/receive",
    { count: 5 },
    "count",
    "is not a field of this request; its fields are max, leaseSeconds, timeoutSeconds, autoAck",
  ],
  ["/ack", { ...RECEIPT, receipt: "r" }, "receipt", "is not a field of this request; did you mean receipts?"],
  ["/retry", { ...RECEIPT, delay: 1 }, "delay", "is not a field of this request; did you mean delaySeconds?"],
  [
    "/extend",
    { ...RECEIPT, leaseSeconds: 5, lease: 1 },
    "lease",
    "is not a field of this request; did you mean leaseSeconds?",
  ],
  ["/done", { n: 1 }, "n", "is not a field of this request; its fields are count"],
  ["/join", { timeout: 1 }, "timeout", "is not a field of this request; did you mean timeoutSeconds?"],
  ["/purge", { all: true }, "all", "is not a field of this request; its fields are only"],
  ["", { maxsize: 1 }, "maxsize", "is not a field of this request; did you mean maxSize?"],
  // Wrong types
  ["/messages", { messages: "a" }, "messages", "must be an array"],
  ["/messages", { messages: ["a"] }, "messages[0]", "must be an object"],
  ["/messages", { messages: [{ body: 1, priority: "high" }] }, "messages[0].priority", "must be an integer"],
  ["/messages", { messages: [{ body: 1, priority: 1.5 }] }, "messages[0].priority", "must be an integer"],
  ["/messages", { messages: [{ body: 1, delaySeconds: null }] }, "messages[0].delaySeconds", "must be a number"],
  ["/messages", { messages: [{ bytes: 7 }] }, "messages[0].bytes", "must be a string"],
  ["/receive", { max: "5" }, "max", "must be an integer"],
  ["/receive", { autoAck: 1 }, "autoAck", "must be a boolean"],
  ["/ack", { receipts: "r" }, "receipts", "must be an array"],
  ["/ack", { receipts: ["r", 7] }, "receipts[1]", "must be a string"],
  ["/ack", { ...RECEIPT, finish: "no" }, "finish", "must be a boolean"],
  ["/retry", { ...RECEIPT, error: 7 }, "error", "must be a string or an object"],
  ["/join", [], "", "must be an object"],
  ["/join", null, "", "must be an object"],
  ["/join", 7, "", "must be an object"],
  ["", { order: "random" }, "order", "must be one of fifo, lifo, priority"],
  ["", { maxSize: true }, "maxSize", "must be an integer"],
  // Missing fields
  ["/messages", {}, "messages", "is missing; it must be an array"],
  ["/reject", { ...RECEIPT, error: { name: "E" } }, "error.message", "is missing; it must be a string"],
  ["/messages", { messages: [{}] }, "messages[0]", "must have either body or bytes"],
  ["/ack", {}, "receipts", "is missing; it must be an array"],
  ["/progress", { receipt: "a" }, "progress", "is missing; it must be a JSON value"],
  // Out of bounds
  ["/messages", { messages: [] }, "messages", "must have at least 1 element"],
  ["/messages", { messages: Array(1_001).fill(MESSAGE) }, "messages", "must have at most 1000 elements"],
  ["/messages", { messages: [{ body: 1, bytes: "AA==" }] }, "messages[0]", "must have either body or bytes"],
  ["/messages", { messages: [{ bytes: "A" }] }, "messages[0].bytes", "must be base64"],
  ["/messages", { messages: [{ body: 1, priority: -1 }] }, "messages[0].priority", "must be an integer of at least 0"],
  [
    "/messages",
    { messages: [{ body: 1, priority: 256 }] },
    "messages[0].priority",
    "must be an integer of at most 255",
  ],
  [
    "/messages",
    { messages: [{ body: 1, delaySeconds: -1 }] },
    "messages[0].delaySeconds",
    "must be a number of at least 0",
  ],
  [
    "/messages",
    { messages: [{ body: 1, delaySeconds: 31_622_401 }] },
    "messages[0].delaySeconds",
    "must be a number of at most 31622400",
  ],
  ["/messages", { messages: [MESSAGE], timeoutSeconds: -0.001 }, "timeoutSeconds", "must be a number of at least 0"],
  ["/messages", { messages: [MESSAGE], timeoutSeconds: 25.001 }, "timeoutSeconds", "must be a number of at most 25"],
  ["/receive", { max: 0 }, "max", "must be an integer of at least 1"],
  ["/receive", { max: 1_001 }, "max", "must be an integer of at most 1000"],
  ["/receive", { leaseSeconds: 0.999 }, "leaseSeconds", "must be a number of at least 1"],
  ["/receive", { leaseSeconds: 43_201 }, "leaseSeconds", "must be a number of at most 43200"],
  ["/ack", { receipts: [] }, "receipts", "must have at least 1 element"],
  ["/ack", { receipts: Array(1_001).fill("r") }, "receipts", "must have at most 1000 elements"],
  ["/ack", { receipts: [""] }, "receipts[0]", "must have at least 1 character"],
  ["/ack", { receipts: ["r".repeat(129)] }, "receipts[0]", "must have at most 128 characters"],
  ["/retry", { ...RECEIPT, error: "e".repeat(1_025) }, "error", "must have at most 1024 characters"],
  ["/extend", { ...RECEIPT, leaseSeconds: 0 }, "leaseSeconds", "must be a number of at least 1"],
  ["/done", { count: 0 }, "count", "must be an integer of at least 1"],
  ["/join", { timeoutSeconds: 26 }, "timeoutSeconds", "must be a number of at most 25"],
  ["", { maxSize: -1 }, "maxSize", "must be an integer of at least 0"],
  ["", { maxSize: 1e9 + 1 }, "maxSize", "must be an integer of at most 1000000000"],
  ["", { leaseSeconds: 0 }, "leaseSeconds", "must be a number of at least 1"],
  ["", { order: "FIFO" }, "order", "must be one of fifo, lifo, priority"],
  ["", { maxAttempts: -1 }, "maxAttempts", "must be an integer of at least 0"],
  ["", { maxAttempts: 1_000_001 }, "maxAttempts", "must be an integer of at most 1000000"],
  ["", { retryDelaySeconds: -1 }, "retryDelaySeconds", "must be a number of at least 0"],
  ["", { retryDelaySeconds: 31_622_401 }, "retryDelaySeconds", "must be a number of at most 31622400"],
  ["", { retryDelayFactor: 0.9 }, "retryDelayFactor", "must be a number of at least 1"],
  ["", { retryDelayFactor: 101 }, "retryDelayFactor", "must be a number of at most 100"],
  ["", { retryDelayMaxSeconds: 31_622_401 }, "retryDelayMaxSeconds", "must be a number of at most 31622400"],
  ["", { retryDelayJitter: 1.1 }, "retryDelayJitter", "must be a number of at most 1"],
  ["", { idempotencySeconds: 299 }, "idempotencySeconds", "must be a number of at least 300"],
  ["", { idempotencySeconds: 86_401 }, "idempotencySeconds", "must be a number of at most 86400"],
  ["", { dedupeSeconds: 0 }, "dedupeSeconds", "must be a number of at least 1"],
  ["", { dedupeSeconds: 86_401 }, "dedupeSeconds", "must be a number of at most 86400"],
  ["", { retentionSeconds: -1 }, "retentionSeconds", "must be a number of at least 0"],
  ["", { retentionSeconds: 0.5 }, "retentionSeconds", "must be 0 or at least 1"],
  ["", { retentionSeconds: 31_622_401 }, "retentionSeconds", "must be a number of at most 31622400"],
  ["", { deadLetterExpired: 1 }, "deadLetterExpired", "must be a boolean"],
  ["", { maxLeasedPerGroup: 0 }, "maxLeasedPerGroup", "must be an integer of at least 1"],
  ["", { maxLeasedPerGroup: 1_000_001 }, "maxLeasedPerGroup", "must be an integer of at most 1000000"],
  [
    "/messages",
    { messages: [{ body: 1, group: "" }] },
    "messages[0].group",
    "must be visible ASCII characters without spaces",
  ],
  [
    "/messages",
    { messages: [{ body: 1, group: "a b" }] },
    "messages[0].group",
    "must be visible ASCII characters without spaces",
  ],
  [
    "/messages",
    { messages: [{ body: 1, group: "g".repeat(129) }] },
    "messages[0].group",
    "must have at most 128 characters",
  ],
  ["", { deadLetterQueue: "" }, "deadLetterQueue", NAME_RULE],
  ["", { deadLetterQueue: "a".repeat(129) }, "deadLetterQueue", NAME_RULE],
  ["/messages", { messages: [{ body: 1, at: "noon" }] }, "messages[0].at", "must be a number"],
  ["/messages", { messages: [{ body: 1, at: -1 }] }, "messages[0].at", "must be a number of at least 0"],
  ["/messages", { messages: [{ body: 1, at: 1e11 }] }, "messages[0].at", "must be at most 366 days from now"],
  [
    "/messages",
    { messages: [{ body: 1, at: 1, delaySeconds: 1 }] },
    "messages[0]",
    "must not have both delaySeconds and at",
  ],
  [
    "/messages",
    { messages: [{ body: 1, dedupeKey: "a b" }] },
    "messages[0].dedupeKey",
    "must be visible ASCII characters without spaces",
  ],
  [
    "/messages",
    { messages: [{ body: 1, dedupeKey: "k".repeat(256) }] },
    "messages[0].dedupeKey",
    "must have at most 255 characters",
  ],
  [
    "/reject",
    { receipts: ["r"], delaySeconds: 1 },
    "delaySeconds",
    "is not a field of this request; its fields are receipts, error",
  ],
  [
    "/release",
    { receipts: ["r"], error: "" },
    "error",
    "is not a field of this request; its fields are receipts, delaySeconds",
  ],
  ["/redrive", { from: "../other" }, "from", NAME_RULE],
  ["/redrive", { ids: [] }, "ids", "must have at least 1 element"],
  ["/redrive", { ids: Array(1_001).fill("i") }, "ids", "must have at most 1000 elements"],
  ["/redrive", { max: 0 }, "max", "must be an integer of at least 1"],
  ["/redrive", { max: 10_001 }, "max", "must be an integer of at most 10000"],
  ["/redrive", { to: "../other" }, "to", NAME_RULE],
  ["/purge", { only: "visible" }, "only", "must be one of dead, finished"],
  ["/pause", { only: "acks" }, "only", "must be one of puts, receives"],
  ["/resume", { puts: true }, "puts", "is not a field of this request; its fields are only"],
  ["/shutdown", { immediate: 1 }, "immediate", "must be a boolean"],
] as const) {
  const shown = JSON.stringify(body).slice(0, 80);
  test(`${verb === "" ? "PUT queue" : `POST ${verb}`} of ${shown} is refused for ${path || "the body"}`, async () => {
    const reply = await refused(verb, JSON.stringify(body), verb === "" ? "PUT" : "POST");

    expect(reply.status).toBe(400);
    expect(reply.body.code).toBe("invalid");
    expect(reply.body.errors).toContainEqual({ path, message: rule });
  });
}

test("a number that is too large for JSON's readers is refused where a rule bounds it", async () => {
  const reply = await refused("/messages", '{"messages": [{"body": 1, "delaySeconds": 1e400}]}');

  expect(reply.body.errors).toEqual([{ path: "messages[0].delaySeconds", message: "must be a finite number" }]);
});

test("every field at fault is named, not only the first", async () => {
  const reply = await refused("/messages", { messages: [{ body: 1, priority: 300 }, { delaySeconds: -1 }], x: 1 });

  expect(reply.body.errors.map(({ path }: { path: string }) => path)).toEqual(
    expect.arrayContaining(["messages[0].priority", "messages[1].delaySeconds", "x"]),
  );
});

for (const [method, verb, field] of [
  ["PUT", "", "deadLetterQueue"],
  ["POST", "/redrive", "to"],
] as const) {
  test(`${field} must not be the queue itself`, async () => {
    const queue = freshQueue();
    const reply = await call(method, `${queue}${verb}`, { [field]: nameOf(queue) });

    expect(reply.status).toBe(400);
    expect(reply.body).toMatchObject({ code: "invalid", errors: [{ path: field, message: "must be another queue" }] });
  });
}

for (const [setting, bounds] of [
  ["maxAttempts", [0, 1_000_000]],
  ["retryDelaySeconds", [0, 31_622_400]],
  ["retryDelayFactor", [1, 100]],
  ["retryDelayMaxSeconds", [0, 31_622_400]],
  ["retryDelayJitter", [0, 1]],
  ["idempotencySeconds", [300, 86_400]],
  ["dedupeSeconds", [1, 86_400]],
  ["retentionSeconds", [0, 1, 31_622_400]],
  ["leaseSeconds", [1, 43_200]],
  ["maxSize", [0, 1_000_000_000]],
  ["maxLeasedPerGroup", [1, 1_000_000]],
  ["deadLetterQueue", ["a", "a".repeat(128), null]],
] as const) {
  test(`${setting} can be as little and as much as its bounds`, async () => {
    const queue = freshQueue();
    for (const value of bounds) {
      expect((await call("PUT", queue, { [setting]: value })).body).toMatchObject({ [setting]: value });
    }
  });
}

test("a request that names a message in its path and another one beside it is refused, and changes neither", async () => {
  const queue = freshQueue();
  const [first, second] = await put(queue, ["first", "second"]);
  const path = `${queue}/messages/${first}`;

  for (const { status, body } of [
    await call("PATCH", path, { id: second, body: "changed" }),
    await call("POST", `${path}/promote`, { id: second }),
    await call("GET", `${path}?id=${second}`),
    await call("DELETE", `${path}?id=${second}`),
  ]) {
    const detail = "id is in the path, and must not be another one in the request.";
    expect({ status, code: body.code, detail: body.detail }).toEqual({ status: 400, code: "invalid", detail });
  }
  expect(bodiesOf(await receive(queue, { max: 2 }))).toEqual(["first", "second"]);
});
