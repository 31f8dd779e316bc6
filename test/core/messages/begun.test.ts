import { describe, expect, test } from "vitest";
import type { Delivery } from "../../../src/queue/base/commands.ts";
import { DEFAULT_MEMORY } from "../../../src/queue/parts.ts";
import { Queue } from "../../../src/queue/queue.ts";
import { BEGIN_STORED_MS } from "../../../src/queue/store/begun-marks.ts";
import { MemoryRows } from "../../support/core/memory-rows.ts";
import { PushingQueue, SUBSCRIBER } from "../../support/core/pushing-queue.ts";
import { receiptsOf } from "../../support/core/test-queue.ts";

describe("the begin of a handler", () => {
  /** One message that was pushed and stored so, and not begun. */
  function pushed(memory = DEFAULT_MEMORY): { queue: PushingQueue; deliveries: Delivery[] } {
    const rows = new MemoryRows();
    const queue = new PushingQueue(rows, new Queue("i", rows, memory));
    queue.put({ body: 1 });
    queue.subscribe(SUBSCRIBER, 1);
    return { queue, deliveries: queue.pushed() };
  }

  function restarted({ rows, queue: { generation, configuration }, now }: PushingQueue): PushingQueue {
    const stored = rows.load();
    if (stored === undefined) throw new Error("Nothing is stored.");
    const again = new PushingQueue(rows, new Queue({ generation, configuration, stored }, rows));
    again.now = now;
    return again;
  }

  test("costs no row, and the ack that follows one", () => {
    const { queue, deliveries } = pushed();
    const before = queue.rows.rowsWritten;

    queue.begin(deliveries);
    const begun = queue.rows.rowsWritten - before;
    queue.run({ verb: "ack", receipts: receiptsOf(deliveries), finish: true });

    expect([begun, queue.rows.rowsWritten - before]).toEqual([0, 1]);
  });

  test("is stored by itself after a second, for which the queue asks to be woken", () => {
    const { queue, deliveries } = pushed();
    queue.queue.leave(new Set(), SUBSCRIBER);
    queue.begin(deliveries);
    const before = queue.rows.rowsWritten;

    expect(queue.queue.nextEventAt).toBe(queue.now + BEGIN_STORED_MS);
    expect(restarted(queue).attempts()).toEqual([0]);
    queue.now += BEGIN_STORED_MS;
    queue.run();

    expect(queue.queue.nextEventAt).toBe(Number.POSITIVE_INFINITY);
    expect(queue.rows.rowsWritten - before).toBe(1);
    expect(restarted(queue).attempts()).toEqual([1]);
  });

  test("makes an earlier commit that is about other messages no larger", () => {
    const { queue, deliveries } = pushed();
    queue.run({ verb: "configure", changes: { order: "fifo" } });
    // A message in another kind has another row.
    queue.put({ body: "other", group: "g" });
    queue.begin(deliveries);
    const before = queue.rows.rowsWritten;

    queue.put({ body: "another", group: "g" });

    expect(queue.rows.rowsWritten - before).toBe(1);
    expect(queue.queue.nextEventAt).toBe(queue.now + BEGIN_STORED_MS);
  });

  test("is stored before its row is let go from a memory that holds none", () => {
    const { queue, deliveries } = pushed({ ...DEFAULT_MEMORY, segments: 0 });

    queue.begin(deliveries);

    expect(restarted(queue).attempts()).toEqual([1]);
    expect(queue.attempts()).toEqual([1]);
  });

  test("is stale for a queue that does not exist, and creates none", () => {
    const queue = new PushingQueue();

    expect(queue.run({ verb: "begin", receipts: ["0.i-1-0-1"] })).toEqual({ verb: "begin", stale: ["0.i-1-0-1"] });
    expect(queue.queue.exists).toBe(false);
  });
});
