/** Receives that wait until as many messages are visible as they take, and when a queue with a consumer wakes by itself. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Command, Result } from "../../src/queue/base/commands.ts";
import { bodiesOf, receiptsOf, TestQueue } from "../support/core/test-queue.ts";

const [FIRST, SECOND, THIRD] = [101, 102, 103];
const FOREVER = Number.POSITIVE_INFINITY;
const RECEIVE_ONE = { verb: "receive", max: 1, leaseMs: 60_000, timeoutMs: 0, autoAck: false } as const;

function filling(max: number, fillMs = 1_000, more: { bytesMax?: number } = {}): Command {
  return { ...{ verb: "receive", max, leaseMs: 60_000, timeoutMs: FOREVER, autoAck: false }, fillMs, ...more };
}

/** The bodies in the result of a receive that was answered at once. */
function bodiesIn(result: Result | undefined): unknown[] {
  return result?.verb === "receive" ? bodiesOf(result.deliveries) : [];
}

describe("a receive that waits to fill", () => {
  test("is served at once when as many messages are visible as it takes", () => {
    const queue = new TestQueue();
    queue.putCount(3);

    expect(bodiesIn(queue.run(filling(3), FIRST))).toEqual([1, 2, 3]);
  });

  test("is served with what there is when its time is over, counted from the first message", () => {
    const queue = new TestQueue();
    queue.run(filling(3), FIRST);
    queue.now += 5_000;
    queue.putOneByOne(1);
    const filledAt = queue.now + 1_000;

    queue.now += 600;
    queue.putOneByOne(2);
    expect(queue.queue.nextEventAt).toBe(filledAt);
    queue.now = filledAt - 1;
    queue.run();
    expect(queue.received()).toEqual([]);
    queue.now = filledAt;
    queue.run();

    expect(queue.received()).toEqual([{ requestId: FIRST, bodies: [1, 2] }]);
  });

  test("does not keep the queue busy meanwhile", () => {
    const queue = new TestQueue();
    queue.run(filling(3), FIRST);

    queue.putOneByOne(1);

    expect(queue.queue.isBehind).toBe(false);
  });

  test("takes what receives and subscriptions leave", () => {
    const queue = new TestQueue();
    queue.run(filling(2), FIRST);
    queue.waitForMessages(SECOND);
    queue.subscribe(THIRD, 1);

    queue.putCount(4);

    expect(queue.receivedCounts()).toEqual({ [SECOND]: 1, [THIRD]: 1, [FIRST]: 2 });
  });

  test("counts its time anew when others have taken what was visible", () => {
    const queue = new TestQueue();
    queue.run(filling(2), FIRST);
    queue.putOneByOne(1);
    queue.receive(1);
    queue.run();

    queue.now += 900;
    queue.putOneByOne(2);
    queue.now += 900;
    queue.run();
    expect(queue.received()).toEqual([]);
    queue.now += 100;
    queue.run();

    expect(queue.received()).toEqual([{ requestId: FIRST, bodies: [2] }]);
  });

  test("waits in order of arrival: the second is filled after the first", () => {
    const queue = new TestQueue();
    queue.run(filling(2), FIRST);
    queue.run(filling(2), SECOND);

    queue.putCount(3);
    expect(queue.received()).toEqual([{ requestId: FIRST, bodies: [1, 2] }]);
    queue.now += 1_000;
    queue.run();

    expect(queue.received()).toEqual([{ requestId: SECOND, bodies: [3] }]);
  });

  test("ends as others do: by a command, and when the queue is shut down", () => {
    const queue = new TestQueue();
    queue.run(filling(2), FIRST);
    queue.run(filling(2), SECOND);

    queue.runNow({ verb: "cancel_wait", requestIds: [FIRST] });
    queue.run({ verb: "shutdown", immediate: true });
    queue.run();

    expect(queue.received()).toEqual([
      { requestId: FIRST, bodies: [] },
      { requestId: SECOND, code: "shut_down" },
    ]);
  });

  test("takes no further message after as many bytes as it says", () => {
    const queue = new TestQueue();
    queue.put(...["a", "b", "c"].map((letter) => ({ body: letter.repeat(1_000) })));

    expect(bodiesIn(queue.run(filling(3, 0, { bytesMax: 1_500 }), FIRST))).toHaveLength(2);
  });

  test("lets the queue rest while all visible messages wait for their group", () => {
    const queue = new TestQueue();
    queue.run(filling(3), FIRST);
    queue.put({ body: 1, group: "g" }, { body: 2, group: "g" });
    const leased = queue.runNow(RECEIVE_ONE).deliveries;

    queue.now += 1_000;
    queue.run();
    expect(queue.queue.nextEventAt).toBeGreaterThan(queue.now);
    queue.runNow({ verb: "ack", receipts: receiptsOf(leased), finish: true });

    expect(queue.received()).toEqual([{ requestId: FIRST, bodies: [2] }]);
  });

  test("gets each message once with others beside it, whatever comes when, and none is left when all time is over", () => {
    const step = fc.oneof(
      fc.record({ put: fc.integer({ min: 1, max: 5 }) }),
      fc.record({ pass: fc.integer({ min: 1, max: 700 }) }),
      fc.record({ wait: fc.integer({ min: 1, max: 4 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const queue = new TestQueue();
        const got: unknown[] = [];
        let [put, requestId] = [0, 1_000];
        const take = () => got.push(...queue.received().flatMap(({ bodies = [] }) => bodies));
        const fill = () => {
          requestId += 1;
          got.push(...bodiesIn(queue.run(filling(3, 500), requestId)));
        };
        for (const each of steps) {
          if ("pass" in each) queue.now += each.pass;
          if ("put" in each) for (let count = 0; count < each.put; count += 1) queue.putOneByOne(put++);
          if ("wait" in each) {
            requestId += 1;
            const wait: Command = {
              verb: "receive",
              max: each.wait,
              leaseMs: 60_000_000,
              timeoutMs: 100,
              autoAck: false,
            };
            got.push(...bodiesIn(queue.run(wait, requestId)));
          }
          queue.run();
          fill();
          take();
        }
        for (let left = 0; left <= put; left += 1) {
          fill();
          queue.now += 501;
          queue.run();
          take();
        }
        expect([...got].sort((a, b) => Number(a) - Number(b))).toEqual(
          Array.from({ length: put }, (_, index) => index),
        );
      }),
    );
  });
});

describe("a queue with a consumer", () => {
  const consumed = (): TestQueue => {
    const queue = new TestQueue();
    queue.queue.isConsumed = true;
    queue.run({ verb: "configure", changes: { retentionMs: 0 } });
    return queue;
  };

  test("looks after visible messages half a minute later, and without any does not wake", () => {
    const queue = consumed();
    expect(queue.queue.nextWakeAt).toBe(FOREVER);

    queue.putOneByOne(1);

    expect(queue.queue.nextWakeAt).toBe(queue.now + 30_000);
  });

  test("wakes when a lease ends, or a delayed message is due", () => {
    const queue = consumed();
    queue.put({ body: 1, delayMs: 90_000 });
    expect(queue.queue.nextWakeAt).toBe(queue.now + 90_000);
    queue.putOneByOne(2);

    queue.receive(1, 45_000);

    expect(queue.queue.nextWakeAt).toBe(queue.now + 45_000);
  });

  test.each<[string, Command, number]>([
    ["is paused", { verb: "pause", paused: { receives: true } }, FOREVER],
    ["has a consumer that is stopped", fault(null), FOREVER],
    ["has a consumer that rests", fault(100_000), 100_000],
    ["has a consumer that rests for less than it is looked after", fault(16_000), 16_000],
    ["has a consumer for which a timer waits", fault(10_000), 30_000],
    ["has a consumer that rested", fault(-1_000), 30_000],
  ])("that %s does not wake before", (_, command, afterMs) => {
    const queue = consumed();
    queue.putOneByOne(1);

    queue.run(command.verb === "note_push_fault" ? withTime(command, queue.now) : command);

    expect(queue.queue.nextWakeAt).toBe(queue.now + afterMs);
  });

  test("keeps the fault of its consumer over a restart, and forgets it with the queue", () => {
    const queue = consumed();
    queue.putOneByOne(1);
    queue.run({ verb: "note_push_fault", fault: { count: 2, resumesAt: 5, detail: "It is gone." } });

    expect(queue.restarted().queue.configuration.pushFault).toEqual({ count: 2, resumesAt: 5, detail: "It is gone." });
    queue.run({ verb: "delete", nextGeneration: "j" });
    expect(queue.queue.configuration.pushFault).toBeNull();
    expect(queue.run({ verb: "note_push_fault", fault: null })).toMatchObject({
      verb: "refused",
      code: "unknown_queue",
    });
    expect(queue.queue.exists).toBe(false);
  });
});

/** @param afterMs when it resumes, from now; null for never */
function fault(afterMs: number | null): Extract<Command, { verb: "note_push_fault" }> {
  return { verb: "note_push_fault", fault: { count: 1, resumesAt: afterMs, detail: "It is gone." } };
}

function withTime(command: ReturnType<typeof fault>, now: number): Command {
  const { resumesAt = null } = command.fault ?? {};
  return {
    verb: "note_push_fault",
    fault: { count: 1, detail: "", resumesAt: resumesAt === null ? null : now + resumesAt },
  };
}
