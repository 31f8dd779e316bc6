import { describe, expect, test } from "vitest";
import type { Delivery } from "../../src/queue/base/commands.ts";
import { LOST_RECEIPTS_MAX } from "../../src/queue/lost-leases.ts";
import { PushingQueue, SUBSCRIBER } from "../support/core/pushing-queue.ts";
import { receiptsOf } from "../support/core/test-queue.ts";

describe("leases are reported as lost", () => {
  function held(count: number): { queue: PushingQueue; ids: string[]; deliveries: Delivery[] } {
    const queue = new PushingQueue();
    const ids = queue.put(...Array.from({ length: count }, (_, body) => ({ body })));
    queue.subscribe(SUBSCRIBER, count);
    return { queue, ids, deliveries: queue.pushed() };
  }

  test("when their messages are cancelled, and no others are reported", () => {
    const { queue, ids, deliveries } = held(2);
    const [waiting] = queue.put({ body: "waiting" });

    queue.run({ verb: "cancel", id: ids[1] as string });
    queue.run({ verb: "cancel", id: waiting as string });

    expect(queue.queue.takeLost()).toEqual(receiptsOf(deliveries).slice(1));
    expect(queue.queue.takeLost()).toEqual([]);
  });

  test.each(["purge", "delete"] as const)("when a %s removes them, begun or not", (verb) => {
    const { queue, deliveries } = held(2);
    queue.begin(deliveries.slice(0, 1));

    queue.run(verb === "purge" ? { verb } : { verb, nextGeneration: "j" });

    expect(queue.queue.takeLost()).toEqual(receiptsOf(deliveries));
  });

  test("when a pause takes back what no handler has begun: visible in its place, and no attempt counted", () => {
    const { queue, deliveries } = held(3);
    queue.begin(deliveries.slice(1, 2));

    queue.run({ verb: "pause", paused: { receives: true } });

    const [first, second, third] = receiptsOf(deliveries);
    expect(queue.queue.takeLost()).toEqual([first, third]);
    expect(queue.describe()).toMatchObject({ visible: 2, leased: 1 });
    expect(queue.run({ verb: "ack", receipts: [first, second] as string[], finish: true })).toMatchObject({
      stale: [first],
    });
    queue.run({ verb: "pause", paused: { receives: false } });
    queue.subscribe(SUBSCRIBER, 5);
    expect(queue.pushed()).toMatchObject([{ attempt: 1 }, { attempt: 1 }]);
  });

  test("but not when only puts are paused", () => {
    const { queue } = held(1);

    queue.run({ verb: "pause", paused: { puts: true } });

    expect(queue.queue.takeLost()).toEqual([]);
    expect(queue.describe()).toMatchObject({ leased: 1 });
  });

  test("up to a bound in one commit batch", () => {
    const queue = new PushingQueue();
    for (let count = 0; count <= LOST_RECEIPTS_MAX; count += 1_000) {
      queue.put(...Array.from({ length: 1_000 }, (_, body) => ({ body })));
      queue.receive(1_000);
    }

    queue.run({ verb: "purge" });

    expect(queue.queue.takeLost()).toHaveLength(LOST_RECEIPTS_MAX);
  });
});
