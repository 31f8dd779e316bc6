/** Dedupe keys that count until their messages are done. */
import { expect, test } from "vitest";
import type { PutCommand } from "../../../src/queue/base/commands.ts";
import type { MemoryRows } from "../../support/core/memory-rows.ts";
import { TestQueue } from "../../support/core/test-queue.ts";

/** Longer than any dedupe key is remembered that has a time. */
const LONG_MS = 100 * 86_400_000;
const LEASE_MS = 60_000;

/** Puts a message under the key "k", and answers with its id and whether it was there before. */
function put(queue: TestQueue, isDedupedUntilDone = true): { id: string; isDuplicate: boolean } {
  const message = { content: '"body":1', priority: 100, delayMs: 0, dedupeKey: "k", isDedupedUntilDone };
  const { ids, duplicates } = queue.runNow({ verb: "put", messages: [message], timeoutMs: 0 });
  return { id: ids[0] ?? "", isDuplicate: duplicates !== undefined };
}

function receive(queue: TestQueue): string[] {
  const { deliveries } = queue.runNow({ verb: "receive", max: 1_000, leaseMs: LEASE_MS, timeoutMs: 0, autoAck: false });
  return deliveries.flatMap(({ lease }) => lease?.receipt ?? []);
}

const reject: (queue: TestQueue) => void = (queue) => queue.run({ verb: "reject", receipts: receive(queue) });

/** All that is stored of keys. */
function storedKeys(rows: MemoryRows): string {
  const slots = Array.from({ length: rows.size + 64 }, (_, slot) => slot);
  return slots.map((slot) => rows.keys(slot) + rows.fingerprints(slot)).join("");
}

test("a message is not stored again while the one with its key waits, is delayed or is leased, however long", () => {
  const queue = new TestQueue();
  const { id } = put(queue);

  queue.now += LONG_MS;
  expect(put(queue)).toEqual({ id, isDuplicate: true });
  const receipts = receive(queue);
  expect(put(queue)).toEqual({ id, isDuplicate: true });
  queue.run({ verb: "retry", receipts, delayMs: LONG_MS });
  expect(put(queue)).toEqual({ id, isDuplicate: true });
});

const ENDS: [end: string, run: (queue: TestQueue, id: string) => void][] = [
  ["acked", (queue) => queue.run({ verb: "ack", receipts: receive(queue), finish: true })],
  ["acked without being finished", (queue) => queue.run({ verb: "ack", receipts: receive(queue), finish: false })],
  ["cancelled", (queue, id) => queue.run({ verb: "cancel", id })],
  ["purged", (queue) => queue.run({ verb: "purge" })],
  ["dead", reject],
  [
    "expired",
    (queue) => {
      queue.run({ verb: "configure", changes: { retentionMs: 1_000 } });
      queue.now += 1_000;
      queue.run();
    },
  ],
  [
    "redriven after it was dead",
    (queue) => {
      reject(queue);
      queue.run({ verb: "redrive", max: 10 });
    },
  ],
  [
    "redriven and then changed",
    (queue, id) => {
      reject(queue);
      queue.run({ verb: "redrive", max: 10 });
      queue.run({ verb: "change", id, changes: { delayMs: 5_000 } });
    },
  ],
  [
    "transferred as a dead letter",
    (queue) => {
      queue.run({ verb: "configure", changes: { deadLetterQueue: "dead" } });
      reject(queue);
      const [transfer] = queue.queue.takeOutboundTransfers(queue.now);
      if (transfer === undefined) throw new Error("Nothing was sent to the dead-letter queue.");
      const { generation, number } = transfer;
      queue.run({ verb: "transfer_result", generation, number, outcome: "accepted" });
    },
  ],
];

for (const isRestarted of [false, true]) {
  test.each(ENDS)(
    `a key counts no more when its message is %s${isRestarted ? ", also after a restart" : ""}`,
    (_, end) => {
      const first = new TestQueue();
      const { id } = put(first);
      const queue = isRestarted ? first.restarted() : first;
      expect(put(queue)).toEqual({ id, isDuplicate: true });
      end(queue, id);
      const later = isRestarted ? queue.restarted() : queue;

      const again = put(later);

      expect(again).toEqual({ id: expect.not.stringMatching(id), isDuplicate: false });
      expect(put(later)).toEqual({ id: again.id, isDuplicate: true });
    },
  );
}

test("a key with a time finds the message of one that lasts, and the other way round", () => {
  const queue = new TestQueue();
  const { id } = put(queue);
  expect(put(queue, false)).toEqual({ id, isDuplicate: true });
  queue.run({ verb: "ack", receipts: receive(queue), finish: true });

  const timed = put(queue, false);
  expect(timed.isDuplicate).toBe(false);
  // A key with a time counts for that time, also when its message is done.
  queue.run({ verb: "ack", receipts: receive(queue), finish: true });
  expect(put(queue)).toEqual({ id: timed.id, isDuplicate: true });
  queue.now += queue.queue.configuration.dedupeMs;
  expect(put(queue).isDuplicate).toBe(false);
});

for (const isRestarted of [false, true]) {
  test(`the keys are forgotten with the last messages${isRestarted ? ", also those of before a restart" : ""}`, () => {
    const first = new TestQueue();
    const messages = Array.from({ length: 700 }, (_, body) => {
      return { content: `"body":${body}`, priority: 100, delayMs: 0, dedupeKey: `k${body}`, isDedupedUntilDone: true };
    });
    first.run({ verb: "put", messages, timeoutMs: 0 });
    const queue = isRestarted ? first.restarted() : first;

    queue.run({ verb: "ack", receipts: receive(queue), finish: true });
    for (let body = 0; body < 100; body += 1) {
      queue.put({ body });
      queue.run({ verb: "ack", receipts: receive(queue), finish: true });
    }

    expect(storedKeys(queue.rows)).toBe("");
  });
}

test("a restart leaves a key with a time its time where the row has keys that last", () => {
  const first = new TestQueue();
  const messages = ["lasting", "timed"].map((dedupeKey) => {
    const isDedupedUntilDone = dedupeKey === "lasting";
    return { content: '"body":1', priority: 100, delayMs: 0, dedupeKey, isDedupedUntilDone };
  });
  const both: PutCommand = { verb: "put", messages, timeoutMs: 0 };
  first.run(both);
  const { dedupeMs } = first.queue.configuration;
  const queue = first.restarted();
  queue.run({ verb: "ack", receipts: receive(queue), finish: true });

  queue.now += dedupeMs - 1;
  expect(queue.restarted().runNow(both).duplicates).toEqual([1]);
});
