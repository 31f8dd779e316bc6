/** The options of a message that the client checks before anything is sent. */
import { describe, expect, test } from "vitest";
import { type ChangeOptions, type PutOptions, QueueManager } from "../../worker-client/src/index.ts";

/** Nothing listens there, and a call that were sent would be refused as `Unavailable`. */
const queue = new QueueManager({ address: "http://127.0.0.1:9", authkey: "none", retrySeconds: 0 }).queue("tasks");

describe("a message option that breaks a rule is refused before anything is sent", () => {
  const many = Object.fromEntries([...Array(33).keys()].map((number) => [`header-${number}`, "a"]));
  const cases: [said: string, options: object][] = [
    ["headers must be an object of texts, not 5.", { headers: 5 }],
    ["headers must be an object of texts, not an array.", { headers: ["a"] }],
    ["The header trace must be a text, not 5.", { headers: { trace: 5 } }],
    ['The name of a header must be 1 to 64 of a-z 0-9 and -, not "Trace".', { headers: { Trace: "a" } }],
    ['The name of a header must not begin with dq-, as "dq-id" does.', { headers: { "dq-id": "a" } }],
    ["headers must have at most 32 entries, not 33.", { headers: many }],
    ["headers must have at most 8192 bytes together, not 8194.", { headers: { wide: "é".repeat(4_095) } }],
    ["maxAttempts must be an integer from 0 to 1000000, not 1.5.", { maxAttempts: 1.5 }],
    ["retryDelaySeconds must be a number from 0 to 31622400, not -1.", { retryDelaySeconds: -1 }],
    ["retentionSeconds must be a number from 1 to 31622400, not 0.5.", { retentionSeconds: 0.5 }],
    ['dedupeUntil must be "done", not "dead".', { dedupeKey: "a", dedupeUntil: "dead" }],
    ["dedupeUntil needs a dedupeKey: it says until when that key counts.", { dedupeUntil: "done" }],
  ];

  test.each(cases)("of put: %s", async (said, options) => {
    await expect(queue.put(1, options as PutOptions)).rejects.toThrow(said);
  });

  test.each(cases)("of one item of putMany: %s", async (said, options) => {
    await expect(queue.putMany([1], { each: () => options })).rejects.toThrow(said);
  });

  const changes: [said: string, options: object][] = [
    ["The header trace must be a text, not 5.", { headers: { trace: 5 } }],
    ["at must be a Date, not 5.", { at: 5 }],
    ['change() has no option "prio". Did you mean "priority"?', { prio: 5 }],
    ["item has 1048578 bytes, more than 1048576.", { item: "x".repeat(1_048_576) }],
    ["An item must have a JSON form; a function has none.", { item: () => 1 }],
  ];

  test.each(changes)("of change: %s", async (said, options) => {
    await expect(queue.change("0-0-1-0", options as ChangeOptions<unknown>)).rejects.toThrow(said);
  });
});

test("headers count with the items of a batch that is too large", async () => {
  const items = Array.from({ length: 1_000 }, () => "x".repeat(4_000));
  const headers = { wide: "x".repeat(8_000) };

  await expect(queue.putMany(items, { headers })).rejects.toMatchObject({ name: "TooLarge", code: "too_large" });
});

test.each([
  ["name must be 1 to 128 visible ASCII characters, not 5.", 5],
  ['name must be 1 to 128 visible ASCII characters, not "".', ""],
  ['name must be 1 to 128 visible ASCII characters, not "naïve".', "naïve"],
  ["name must be 1 to 128 visible ASCII characters, not", "x".repeat(129)],
])("a name of a client that breaks the rule is refused: %s", (said, name) => {
  expect(() => new QueueManager({ authkey: "none", name: name as string })).toThrow(said);
});
