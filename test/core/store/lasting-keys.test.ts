/** How rows keep dedupe keys that count until their messages are done. The rest is in messages/dedupe-until-done.test.ts. */
import { expect, test } from "vitest";
import type { PutCommand } from "../../../src/queue/base/commands.ts";
import type { MemoryRows } from "../../support/core/memory-rows.ts";
import { TestQueue } from "../../support/core/test-queue.ts";

const LEASE_MS = 60_000;

function receive(queue: TestQueue): string[] {
  const { deliveries } = queue.runNow({ verb: "receive", max: 1_000, leaseMs: LEASE_MS, timeoutMs: 0, autoAck: false });
  return deliveries.flatMap(({ lease }) => lease?.receipt ?? []);
}

/** All that is stored of keys. */
function storedKeys(rows: MemoryRows): string {
  const slots = Array.from({ length: rows.size + 64 }, (_, slot) => slot);
  return slots.map((slot) => rows.keys(slot) + rows.fingerprints(slot)).join("");
}

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
