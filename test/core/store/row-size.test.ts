import { expect, test } from "vitest";
import type { Command, Delivery, NewMessage, Result } from "../../../src/queue/base/commands.ts";
import { KEYS_BYTES_MAX } from "../../../src/queue/base/row-budget.ts";
import { Queue } from "../../../src/queue/queue.ts";
import { MemoryRows } from "../../support/core/memory-rows.ts";
import { Random } from "../../support/random.ts";

const DAY_MS = 86_400_000;
/** Longer in JSON than any other key of 255 characters. */
const LONGEST_KEY = '"'.repeat(245);

/** A queue whose rows are refused, as SQLite would, where they are too large: `MemoryRows` throws then. */
class Driven {
  readonly rows = new MemoryRows();
  #queue = new Queue("i", this.rows);
  now = 1_800_000_000_000;

  do(...commands: Command[]): (Result | undefined)[] {
    this.#queue.advance(this.now);
    for (const [requestId, command] of commands.entries()) this.#queue.apply(requestId, command, this.now);
    const commit = this.#queue.takeCommit();
    if (commit !== undefined) this.rows.write(commit);
    return this.#queue.takeResults().map(({ result }) => result);
  }

  restart(): void {
    const { generation, configuration } = this.#queue;
    const stored = this.rows.load();
    this.#queue = new Queue(stored ? { generation, configuration, stored } : generation, this.rows);
  }

  /** The bytes of the keys in the row that has most of them. */
  get mostKeyBytes(): number {
    let most = 0;
    for (let slot = 1; slot <= this.rows.size; slot += 1) {
      most = Math.max(most, Buffer.byteLength(this.rows.keys(slot) + this.rows.fingerprints(slot)));
    }
    return most;
  }
}

function message(options: Partial<NewMessage> = {}): NewMessage {
  return { content: '"body":1', priority: 100, delayMs: 0, ...options };
}

function put(messages: NewMessage[], idempotencyKey?: string): Command {
  return { verb: "put", messages, timeoutMs: 0, idempotencyKey };
}

const remember = { verb: "configure", changes: { dedupeMs: DAY_MS, idempotencyMs: DAY_MS } } as const;

for (const [order, shuffle] of [
  ["in their order", false],
  ["in any order", true],
] as const) {
  test(`puts of a thousand messages of which 999 are known, ${order}, never make a row too large`, () => {
    const queue = new Driven();
    const random = new Random(1);
    queue.do(remember);
    const known = Array.from({ length: 999 }, (_, n) => message({ dedupeKey: `${n}-`.padEnd(255, "k") }));
    queue.do(put(known, "first"));

    for (let batch = 0; batch < 150; batch += 1) {
      const messages = [...known, message({ dedupeKey: `new-${batch}-`.padEnd(255, "k") })];
      if (shuffle) messages.sort(() => random.fraction() - 0.5);
      queue.do(put(messages, `sync-${batch}`));
      // After the restart all keys are read from the rows.
      if (batch % 3 === 0) queue.restart();
    }

    expect(queue.mostKeyBytes).toBeLessThanOrEqual(KEYS_BYTES_MAX);
  });
}

test("puts that come long after the keys before them have expired never make a row too large", () => {
  const queue = new Driven();
  const random = new Random(2);
  queue.do({ verb: "configure", changes: { dedupeMs: DAY_MS, idempotencyMs: 300_000 } });
  const known = Array.from({ length: 999 }, (_, n) => message({ dedupeKey: `thing-${n}` }));
  queue.do(put(known));

  for (let batch = 0; batch < 200; batch += 1) {
    queue.now += 301_000;
    const messages = [...known, message()].sort(() => random.fraction() - 0.5);
    queue.do(put(messages, `sync-${batch}`));
    if (batch % 50 === 25) queue.restart();
  }

  expect(queue.mostKeyBytes).toBeLessThanOrEqual(KEYS_BYTES_MAX);
});

test("the longest keys, one put after the other in rows that are used again and again, never make a row too large", () => {
  const queue = new Driven();
  queue.do(remember);
  for (let batch = 0; batch < 40; batch += 1) {
    const keys = Array.from({ length: 300 }, (_, n) => LONGEST_KEY + batch * 1_000 + n);
    queue.do(
      put(
        keys.map((dedupeKey) => message({ dedupeKey, group: "g".repeat(128) })),
        `${LONGEST_KEY}${batch}`,
      ),
    );
    queue.do(...keys.slice(0, 100).map((key) => put([message({ dedupeKey: `${key}x` })], `${key}y`)));
    if (batch % 3 === 0) queue.do({ verb: "purge" });
    if (batch % 7 === 0) queue.restart();
  }

  expect(queue.mostKeyBytes).toBeLessThanOrEqual(KEYS_BYTES_MAX);
});

test("the largest bodies in rows that keep keys never make a row too large", () => {
  const queue = new Driven();
  queue.do(remember);
  const contents = [
    `"bytes":"${"A".repeat(1_398_104)}"`,
    `"body":"${"界".repeat(349_524)}"`,
    `"body":"${"界".repeat(60_000)}"`,
  ];
  for (let batch = 0; batch < 200; batch += 1) {
    const content = contents[batch % contents.length] as string;
    queue.do(put([message({ content, dedupeKey: LONGEST_KEY + batch })], `${LONGEST_KEY}${batch}`));
    const [receive] = queue.do({ verb: "receive", max: 1, timeoutMs: 0, autoAck: true });
    expect(receive?.verb === "receive" && receive.deliveries.length).toBe(1);
  }

  expect(queue.mostKeyBytes).toBeLessThanOrEqual(KEYS_BYTES_MAX);
});

test("the largest headers of as many messages as a put may have, or beside the largest body, never make a row too large", () => {
  const queue = new Driven();
  queue.do(remember);
  const headers = `{"a":"${"界".repeat(2_720)}"}`;
  const rules = { maxAttempts: 1_000_000, retryDelayMs: 1_000, retentionMs: 31_622_400_000 };
  const content = `"bytes":"${"A".repeat(1_398_104)}"`;
  for (let batch = 0; batch < 5; batch += 1) {
    const options = { headers, rules, group: "g".repeat(128), isDedupedUntilDone: true };
    const keys = Array.from({ length: 1_000 }, (_, n) => LONGEST_KEY + batch * 1_000 + n);
    queue.do(
      put(
        keys.map((dedupeKey) => message({ ...options, dedupeKey })),
        `${LONGEST_KEY}${batch}`,
      ),
      put([message({ ...options, content, dedupeKey: `${LONGEST_KEY}x${batch}` })], `${LONGEST_KEY}x${batch}`),
    );
    if (batch % 2 === 0) queue.restart();
  }

  expect(queue.mostKeyBytes).toBeLessThanOrEqual(KEYS_BYTES_MAX);
});

test("thousands of reports under the longest keys, in one commit or many, never make a row too large", () => {
  const queue = new Driven();
  queue.do(put(Array.from({ length: 1_000 }, () => message())));
  for (let batch = 0; batch < 6; batch += 1) queue.do(put(Array.from({ length: 1_000 }, () => message())));
  const done = (key: number): Command => ({ verb: "done", count: 1, idempotencyKey: LONGEST_KEY + key });

  queue.do(...Array.from({ length: 4_000 }, (_, key) => done(key)));
  for (let key = 4_000; key < 5_500; key += 1) queue.do(done(key));
  queue.restart();
  const again = queue.do(...Array.from({ length: 5_500 }, (_, key) => done(key)));

  expect(queue.mostKeyBytes).toBeLessThanOrEqual(KEYS_BYTES_MAX);
  expect(new Set(again.map((result) => result?.verb === "done" && result.unfinished))).toEqual(new Set([1_500]));
});

test("a message that is put and cancelled, or put and purged, for hours never makes a row too large", () => {
  const queue = new Driven();
  queue.do(remember);
  for (let batch = 0; batch < 6_000; batch += 1) {
    const [result] = queue.do(put([message({ dedupeKey: "the same" })]));
    const [id = ""] = result?.verb === "put" ? result.ids : [];
    queue.do(batch % 3 === 0 ? { verb: "purge" } : { verb: "cancel", id });
  }

  expect(queue.mostKeyBytes).toBeLessThanOrEqual(KEYS_BYTES_MAX);
  expect(queue.rows.size).toBeLessThanOrEqual(6_000 / 32);
});

test("a body that is changed to the largest beside others never makes a row too large, however full its other columns are", () => {
  const queue = new Driven();
  queue.do(remember);
  const keys = Array.from({ length: 256 }, (_, n) => LONGEST_KEY + n);
  // No put has more bytes of keys than those of 256 messages under an idempotency key.
  const messages = keys.map((dedupeKey) => message({ dedupeKey, group: "g".repeat(128) }));
  const [stored] = queue.do(put(messages, LONGEST_KEY));
  const ids = stored?.verb === "put" ? stored.ids : [];
  const { deliveries = [] } = queue.do({ verb: "receive", max: 256, timeoutMs: 0, autoAck: false })[0] as {
    deliveries?: Delivery[];
  };
  const error = "e".repeat(1_000);
  for (const { lease } of deliveries) queue.do({ verb: "retry", receipts: [lease?.receipt ?? ""], delayMs: 0, error });

  const results = [1_500_000, 1_400_000, 1_350_000, 1_330_000, 1_320_000].map(
    (characters) =>
      queue.do({ verb: "change", id: ids[0] ?? "", changes: { content: `"body":"${"x".repeat(characters)}"` } })[0]
        ?.verb,
  );

  expect(results.at(0)).toBe("refused");
  expect(results.at(-1)).toBe("change");
});
