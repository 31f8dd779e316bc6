import { expect, test } from "vitest";
import type { Command, NewMessage, Result } from "../../../src/queue/base/commands.ts";
import { hashText } from "../../../src/queue/base/hash.ts";
import { Queue } from "../../../src/queue/queue.ts";
import { MemoryRows } from "../../support/core/memory-rows.ts";

const NOW = 1_800_000_000_000;

/** Counts how often the keys of rows are read. */
class CountedRows extends MemoryRows {
  reads = 0;

  override keys(slot: number): string {
    this.reads += 1;
    return super.keys(slot);
  }
}

class Driven {
  readonly rows = new CountedRows();
  #queue = new Queue("i", this.rows);

  do(...commands: Command[]): (Result | undefined)[] {
    this.#queue.advance(NOW);
    for (const [requestId, command] of commands.entries()) this.#queue.apply(requestId, command, NOW);
    const commit = this.#queue.takeCommit();
    if (commit !== undefined) this.rows.write(commit);
    return this.#queue.takeResults().map(({ result }) => result);
  }

  /** Drops all keys from memory. */
  restart(): void {
    const { generation, configuration } = this.#queue;
    const stored = this.rows.load();
    this.#queue = new Queue(stored ? { generation, configuration, stored } : generation, this.rows);
  }

  /** How often keys are read for these commands, and the result of the last of them. */
  readsOf(...commands: Command[]): { reads: number; result: Result | undefined } {
    this.rows.reads = 0;
    const result = this.do(...commands).at(-1);
    return { reads: this.rows.reads, result };
  }
}

function messagesWith(dedupeKeys: string[]): NewMessage[] {
  return dedupeKeys.map((dedupeKey) => ({ content: '"body":1', priority: 100, delayMs: 0, dedupeKey }));
}

function put(messages: NewMessage[], options: { idempotencyKey?: string; timeoutMs?: number } = {}): Command {
  return { verb: "put", messages, timeoutMs: 0, ...options };
}

const THOUSAND = Array.from({ length: 1_000 }, (_, n) => `key-${n}`);

function duplicatesOf(result: Result | undefined): number {
  return result?.verb === "put" ? (result.duplicates ?? []).length : Number.NaN;
}

test("a put of known messages reads each of their rows once, and those that follow read none", () => {
  const queue = new Driven();
  queue.do(put(messagesWith(THOUSAND)));
  queue.restart();

  const first = queue.readsOf(put(messagesWith(THOUSAND)));
  const second = queue.readsOf(put(messagesWith(THOUSAND.toReversed())));

  expect([first.reads, second.reads]).toEqual([4, 0]);
  expect([first, second].map(({ result }) => duplicatesOf(result))).toEqual([1_000, 1_000]);
});

test("known messages in hundreds of rows are found with a read of each, in any order of the put", () => {
  const queue = new Driven();
  // Each priority has rows of its own, and a queue that hands out by priority.
  queue.do({ verb: "configure", changes: { order: "priority" } });
  for (const [n, message] of messagesWith(THOUSAND).entries()) {
    const filler = messagesWith(Array.from({ length: 200 }, (_, m) => `${n}-${m}-`.padEnd(250, "f")));
    queue.do(put([message, ...(n % 5 === 0 ? filler : [])].map((each) => ({ ...each, priority: n % 250 }))));
  }
  queue.restart();
  const rows = new Set(Array.from({ length: queue.rows.size }, (_, slot) => slot + 1)).size;

  const { reads, result } = queue.readsOf(put(messagesWith(THOUSAND)));

  expect(duplicatesOf(result)).toBe(1_000);
  expect(rows).toBeGreaterThan(200);
  expect(reads).toBeLessThanOrEqual(rows);
});

test("a thousand messages of one dedupe key are one lookup", () => {
  const queue = new Driven();
  const same = messagesWith(Array(1_000).fill("same"));
  const [first] = queue.do(put(same));
  queue.restart();

  const { reads, result } = queue.readsOf(put(same));

  expect(duplicatesOf(first)).toBe(999);
  expect(duplicatesOf(result)).toBe(1_000);
  expect(reads).toBe(1);
});

test("keys with the same fingerprint are distinguished, with one read of each row", () => {
  const [a, b] = collision();
  const queue = new Driven();
  queue.do(put(messagesWith([a, "other"])));
  queue.restart();

  const { reads, result } = queue.readsOf(put(messagesWith([b, a, b])));

  expect(result).toMatchObject({ verb: "put", duplicates: [1, 2] });
  expect(reads).toBe(1);
});

test("a repeated put is found by its idempotency key with one read, and then with none", () => {
  const queue = new Driven();
  const puts = THOUSAND.slice(0, 200).map((idempotencyKey) => put(messagesWith(["once"]), { idempotencyKey }));
  for (const idempotencyKey of THOUSAND.slice(0, 200)) {
    queue.do(put([{ content: '"body":1', priority: 100, delayMs: 0 }], { idempotencyKey }));
  }
  queue.restart();

  const { reads } = queue.readsOf(...puts);

  expect(reads).toBe(1);
});

test("a key that is not valid any more is not searched again in the rows that had it", () => {
  const queue = new Driven();
  queue.do(put(messagesWith(THOUSAND)));
  queue.do({ verb: "purge" });
  queue.restart();

  const first = queue.readsOf(put(messagesWith(THOUSAND)));
  queue.do({ verb: "purge" });
  for (let batch = 0; batch < 50; batch += 1) {
    queue.do(put(messagesWith(THOUSAND)));
    queue.do({ verb: "purge" });
  }
  const last = queue.readsOf(put(messagesWith(THOUSAND)));

  expect(first.reads).toBeLessThanOrEqual(4);
  expect(last.reads).toBeLessThanOrEqual(5);
  expect([first, last].map(({ result }) => duplicatesOf(result))).toEqual([0, 0]);
});

test("while a put of known and new messages waits for room, other commands look up no keys for it", () => {
  const queue = new Driven();
  queue.do({ verb: "configure", changes: { maxSize: 1_500 } });
  queue.do(put(messagesWith(THOUSAND)));
  queue.do(put(messagesWith(THOUSAND.map((key) => `${key}-more`)).slice(0, 500)));
  let lookedAt = 0;
  const half = THOUSAND.map((key, n) => (n % 2 === 0 ? key : `new-${n}`));
  const messages = messagesWith(half).map((message) => ({
    ...message,
    get dedupeKey() {
      lookedAt += 1;
      return message.dedupeKey;
    },
  }));
  const [answer] = queue.do(put(messages, { timeoutMs: 3_600_000 }));
  lookedAt = 0;

  const { reads } = queue.readsOf(...Array<Command>(100).fill({ verb: "describe" }));
  queue.do({ verb: "receive", max: 300, leaseMs: 1_000, timeoutMs: 0, autoAck: false });
  queue.do({ verb: "done", count: 1, idempotencyKey: "done" });
  const afterOthers = lookedAt;
  const served = queue.do({ verb: "receive", max: 200, leaseMs: 1_000, timeoutMs: 0, autoAck: false });

  expect(answer).toBeUndefined();
  expect([reads, afterOthers]).toEqual([0, 0]);
  expect(served.map((result) => duplicatesOf(result)).filter((count) => count === 500)).toHaveLength(1);
});

/** Two dedupe keys with the same fingerprint. */
function collision(): [string, string] {
  const seen = new Map<number, string>();
  for (let n = 0; ; n += 1) {
    const key = `c${n.toString(36)}`;
    const fingerprint = hashText(` ${key}`) & 0x3fffffff;
    const other = seen.get(fingerprint);
    if (other !== undefined) return [other, key];
    seen.set(fingerprint, key);
  }
}
