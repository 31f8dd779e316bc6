import { describe, expect, test } from "vitest";
import type { Command, Delivery, Result } from "../../src/queue/base/commands.ts";
import { DEFAULT_MEMORY } from "../../src/queue/commits.ts";
import { LOST_RECEIPTS_MAX } from "../../src/queue/leases.ts";
import { Queue } from "../../src/queue/queue.ts";
import { BEGIN_STORED_MS } from "../../src/queue/store/begun-marks.ts";
import { MemoryRows } from "../support/memory-rows.ts";
import { ToldQueue } from "../support/told-queue.ts";

/** The number of a subscriber. */
const ANN = 101;
const BEN = 102;
const LEASE_MS = 30_000;

/** A queue that pushes, and remembers what. */
class PushingQueue extends ToldQueue {
  #pushed: { subscriber: number; delivery: Delivery }[] = [];

  override tell(command?: Command): Result | undefined {
    this.queue.advance(this.now);
    if (command !== undefined) this.queue.apply(1, command, this.now);
    const commit = this.queue.takeCommit();
    if (commit !== undefined) this.rows.write(commit);
    let own: Result | undefined;
    for (const { requestId, result } of this.queue.takeResults()) {
      if (result.verb === "push")
        this.#pushed.push(...result.deliveries.map((delivery) => ({ subscriber: requestId, delivery })));
      else if (requestId === 1) own = result;
    }
    return own;
  }

  /** What was pushed since this was last asked. */
  pushed(subscriber = ANN): Delivery[] {
    const pushed = this.#pushed.filter((push) => push.subscriber === subscriber).map(({ delivery }) => delivery);
    this.#pushed = this.#pushed.filter((push) => push.subscriber !== subscriber);
    return pushed;
  }

  subscribe(subscriber: number, credit: number, leaseMs = LEASE_MS): void {
    this.queue.heard(subscriber);
    this.tell({ verb: "subscribe", subscriber, credit, leaseMs });
  }

  /** Answers with the stale receipts. */
  begin(deliveries: readonly Delivery[]): string[] {
    const result = this.tell({ verb: "begin", receipts: receiptsOf(deliveries) });
    if (result?.verb !== "begin") throw new Error(`The begin was answered ${JSON.stringify(result)}.`);
    return result.stale;
  }

  /** What each message's view says of its attempts. */
  attempts(): number[] {
    const result = this.tell({ verb: "messages", cursor: "", limit: 1_000 });
    if (result?.verb !== "messages") throw new Error(`The list was answered ${JSON.stringify(result)}.`);
    return result.views.map(({ attempts }) => attempts);
  }
}

function receiptsOf(deliveries: readonly Delivery[]): string[] {
  return deliveries.map(({ lease }) => lease?.receipt ?? "");
}

function retry(deliveries: readonly Delivery[], isBegun: boolean): Command {
  return { verb: "retry", receipts: receiptsOf(deliveries), delayMs: 0, isDead: false, isBegun };
}

describe("an attempt", () => {
  test("is no message that was pushed and whose lease ended before a handler began, however often", () => {
    const queue = new PushingQueue();
    queue.tell({ verb: "configure", changes: { redelivery: { maxAttempts: 1 } } });
    queue.put({ body: 1 });

    for (let lease = 1; lease <= 5; lease += 1) {
      queue.subscribe(ANN, 1);
      expect(queue.pushed()).toMatchObject([{ attempt: 1, lease: { receipt: `i-1-0-${lease}` } }]);
      expect(queue.attempts()).toEqual([0]);
      queue.now += LEASE_MS;
      expect(queue.describe()).toMatchObject({ visible: 1, leased: 0, dead: 0, delayed: 0 });
    }
  });

  test("is what a handler began: when its lease ends it counts, with the queue's delay", () => {
    const queue = new PushingQueue();
    queue.put({ body: 1 });
    queue.subscribe(ANN, 1);

    expect(queue.begin(queue.pushed())).toEqual([]);
    const attempts = queue.attempts();
    queue.now += LEASE_MS;

    expect(attempts).toEqual([1]);
    expect(queue.describe()).toMatchObject({ delayed: 1 });
    queue.now += 1_000;
    queue.subscribe(ANN, 1);
    expect(queue.pushed()).toMatchObject([{ attempt: 2, lease: { receipt: "i-1-0-2" } }]);
  });

  test("is begun once, however often it is said, and not by a receipt whose lease is over", () => {
    const queue = new PushingQueue();
    queue.put({ body: 1 });
    queue.subscribe(ANN, 1);
    const first = queue.pushed();
    queue.now += LEASE_MS;
    queue.subscribe(ANN, 1);
    const second = queue.pushed();

    expect(queue.begin(first)).toEqual(receiptsOf(first));
    expect([queue.begin(second), queue.begin(second)]).toEqual([[], []]);
    expect(queue.attempts()).toEqual([1]);
  });

  test("is all that a receive hands out, at once", () => {
    const queue = new PushingQueue();
    queue.put({ body: 1 });

    queue.receive(1, LEASE_MS);
    const attempts = queue.attempts();
    queue.now += LEASE_MS;

    expect(attempts).toEqual([1]);
    expect(queue.describe()).toMatchObject({ delayed: 1 });
  });

  test("is what fails, though nobody said that it was begun", () => {
    const queue = new PushingQueue();
    queue.tell({ verb: "configure", changes: { redelivery: { maxAttempts: 1 } } });
    queue.put({ body: 1 });
    queue.subscribe(ANN, 1);

    queue.tell(retry(queue.pushed(), true));

    expect(queue.describe()).toMatchObject({ dead: 1 });
    expect(queue.attempts()).toEqual([1]);
  });

  test("is not counted for what is given back unbegun, whatever was said before", () => {
    const queue = new PushingQueue();
    queue.tell({ verb: "configure", changes: { redelivery: { maxAttempts: 1 } } });
    queue.put({ body: 1 });
    queue.subscribe(ANN, 2);

    const first = queue.pushed();
    queue.begin(first);
    queue.tell(retry(first, false));
    const second = queue.pushed();
    queue.tell(retry(second, false));
    queue.subscribe(ANN, 1);

    expect([...second, ...queue.pushed()]).toMatchObject([{ attempt: 1 }, { attempt: 1 }]);
    expect(queue.attempts()).toEqual([0]);
  });

  test("outlives an extension of its lease as what it was, begun or not", () => {
    const queue = new PushingQueue();
    queue.put({ body: 1 }, { body: 2 });
    queue.subscribe(ANN, 2);
    const [one, two] = queue.pushed() as [Delivery, Delivery];
    queue.begin([one]);

    queue.tell({ verb: "extend", receipts: receiptsOf([one, two]), leaseMs: 2 * LEASE_MS });

    expect(queue.attempts()).toEqual([1, 0]);
  });

  test("goes on counting after a redrive, and all of them are before the message again", () => {
    const queue = new PushingQueue();
    queue.tell({ verb: "configure", changes: { redelivery: { maxAttempts: 2, retryDelayMs: 0 } } });
    queue.put({ body: 1 });
    queue.subscribe(ANN, 1);
    queue.pushed();
    queue.now += LEASE_MS;
    const fail = () => {
      queue.subscribe(ANN, 1);
      const pushed = queue.pushed();
      queue.tell(retry(pushed, true));
      return pushed[0]?.attempt;
    };

    const before = [fail(), fail()];
    const dead = queue.describe().dead;
    queue.tell({ verb: "redrive", max: 10 });
    const after = [fail(), queue.describe().dead, fail(), queue.describe().dead];

    expect([before, dead, after]).toEqual([[1, 2], 1, [3, 0, 4, 1]]);
    expect(queue.attempts()).toEqual([4]);
  });

  test("that was never begun is in no dead letter that goes to another queue", () => {
    const queue = new PushingQueue();
    queue.tell({ verb: "configure", changes: { deadLetterQueue: "dead", redelivery: { maxAttempts: 1 } } });
    queue.put({ body: 1 });
    queue.subscribe(ANN, 1);
    queue.pushed();
    queue.now += LEASE_MS;
    queue.subscribe(ANN, 1);

    queue.tell(retry(queue.pushed(), true));

    expect(queue.outbound()).toMatchObject([{ messages: [{ deadLetter: { attempts: 1 } }] }]);
  });

  test("by default is one of ten, between which a message is away for longer and longer", () => {
    const queue = new PushingQueue();
    queue.put({ body: 1 });

    const delays: number[] = [];
    for (let attempt = 1; attempt <= 9; attempt += 1) {
      queue.receive(1, LEASE_MS);
      queue.now += LEASE_MS;
      const endedAt = queue.now;
      for (queue.tell(); queue.describe().visible === 0; queue.now = Math.ceil(queue.now + 100));
      delays.push(queue.now - endedAt);
    }
    queue.receive(1, LEASE_MS);
    queue.now += LEASE_MS;

    expect(queue.describe()).toMatchObject({ dead: 1 });
    for (const [index, delay] of delays.entries()) {
      const longest = 1_000 * 2 ** index;
      expect(delay).toBeGreaterThanOrEqual(longest / 2);
      expect(delay).toBeLessThanOrEqual(longest + 100);
    }
  });
});

describe("that a handler has begun", () => {
  /** One message that was pushed and stored so, and nothing said of it. */
  function pushed(memory = DEFAULT_MEMORY): { queue: PushingQueue; deliveries: Delivery[] } {
    const rows = new MemoryRows();
    const queue = new PushingQueue(rows, new Queue("i", rows, memory));
    queue.put({ body: 1 });
    queue.subscribe(ANN, 1);
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
    queue.tell({ verb: "ack", receipts: receiptsOf(deliveries), finish: true });

    expect([begun, queue.rows.rowsWritten - before]).toEqual([0, 1]);
  });

  test("is stored by itself after a second, of which the queue says that it must be woken then", () => {
    const { queue, deliveries } = pushed();
    queue.queue.leave(new Set(), ANN);
    queue.begin(deliveries);
    const before = queue.rows.rowsWritten;

    expect(queue.queue.nextEventAt).toBe(queue.now + BEGIN_STORED_MS);
    expect(restarted(queue).attempts()).toEqual([0]);
    queue.now += BEGIN_STORED_MS;
    queue.tell();

    expect(queue.queue.nextEventAt).toBe(Number.POSITIVE_INFINITY);
    expect(queue.rows.rowsWritten - before).toBe(1);
    expect(restarted(queue).attempts()).toEqual([1]);
  });

  test("makes an earlier commit that is about other messages no larger", () => {
    const { queue, deliveries } = pushed();
    queue.tell({ verb: "configure", changes: { order: "fifo" } });
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

  test("is known of a message that is put to an unknown queue by nobody, and creates none", () => {
    const queue = new PushingQueue();

    expect(queue.tell({ verb: "begin", receipts: ["i-1-0-1"] })).toEqual({ verb: "begin", stale: ["i-1-0-1"] });
    expect(queue.queue.exists).toBe(false);
  });
});

describe("leases are told to be lost", () => {
  function held(count: number): { queue: PushingQueue; ids: string[]; deliveries: Delivery[] } {
    const queue = new PushingQueue();
    const ids = queue.put(...Array.from({ length: count }, (_, body) => ({ body })));
    queue.subscribe(ANN, count);
    return { queue, ids, deliveries: queue.pushed() };
  }

  test("when their messages are cancelled, and nothing is told of others", () => {
    const { queue, ids, deliveries } = held(2);
    const [waiting] = queue.put({ body: "waiting" });

    queue.tell({ verb: "cancel", id: ids[1] as string });
    queue.tell({ verb: "cancel", id: waiting as string });

    expect(queue.queue.takeLost()).toEqual(receiptsOf(deliveries).slice(1));
    expect(queue.queue.takeLost()).toEqual([]);
  });

  test.each(["purge", "delete"] as const)("when a %s removes them, begun or not", (verb) => {
    const { queue, deliveries } = held(2);
    queue.begin(deliveries.slice(0, 1));

    queue.tell(verb === "purge" ? { verb } : { verb, nextGeneration: "j" });

    expect(queue.queue.takeLost()).toEqual(receiptsOf(deliveries));
  });

  test("when a pause takes back what no handler has begun: visible in its place, and no attempt counted", () => {
    const { queue, deliveries } = held(3);
    queue.begin(deliveries.slice(1, 2));

    queue.tell({ verb: "pause", paused: { receives: true } });

    const [first, second, third] = receiptsOf(deliveries);
    expect(queue.queue.takeLost()).toEqual([first, third]);
    expect(queue.describe()).toMatchObject({ visible: 2, leased: 1 });
    expect(queue.tell({ verb: "ack", receipts: [first, second] as string[], finish: true })).toMatchObject({
      stale: [first],
    });
    queue.tell({ verb: "pause", paused: { receives: false } });
    queue.subscribe(ANN, 5);
    expect(queue.pushed()).toMatchObject([{ attempt: 1 }, { attempt: 1 }]);
  });

  test("but not when only puts are paused", () => {
    const { queue } = held(1);

    queue.tell({ verb: "pause", paused: { puts: true } });

    expect(queue.queue.takeLost()).toEqual([]);
    expect(queue.describe()).toMatchObject({ leased: 1 });
  });

  test("up to a bound in one commit batch", () => {
    const queue = new PushingQueue();
    for (let count = 0; count <= LOST_RECEIPTS_MAX; count += 1_000) {
      queue.put(...Array.from({ length: 1_000 }, (_, body) => ({ body })));
      queue.receive(1_000);
    }

    queue.tell({ verb: "purge" });

    expect(queue.queue.takeLost()).toHaveLength(LOST_RECEIPTS_MAX);
  });
});

describe("a subscription of which nothing is heard", () => {
  test("is pushed each message once, however many leases end; they go to others, with no attempt counted", () => {
    const queue = new PushingQueue();
    queue.put({ body: 1 }, { body: 2 }, { body: 3 });
    queue.subscribe(ANN, 10);

    for (let lease = 0; lease < 5; lease += 1) {
      queue.now += LEASE_MS;
      queue.tell();
    }

    expect(queue.pushed(ANN)).toHaveLength(3);
    expect(queue.describe()).toMatchObject({ visible: 3, leased: 0 });
    expect(queue.queue.nextEventAt).toBe(Number.POSITIVE_INFINITY);
    queue.subscribe(BEN, 10);
    expect(queue.pushed(BEN)).toMatchObject([{ attempt: 1 }, { attempt: 1 }, { attempt: 1 }]);
  });

  test("is served again when it is heard, without asking for it", () => {
    const queue = new PushingQueue();
    queue.put({ body: 1 });
    queue.subscribe(ANN, 10);
    queue.now += LEASE_MS;
    queue.tell();
    const before = queue.pushed();

    queue.queue.heard(ANN);
    queue.tell();

    expect([before.length, queue.pushed().length]).toEqual([1, 1]);
  });

  test("is one that was pushed something: as long as nothing is, it waits for ever", () => {
    const queue = new PushingQueue();
    queue.subscribe(ANN, 1);
    queue.now += 100 * LEASE_MS;
    queue.tell();

    queue.put({ body: 1 });

    expect(queue.pushed()).toHaveLength(1);
  });

  test("counts from the first push since it was heard, whatever is pushed after that", () => {
    const queue = new PushingQueue();
    queue.put({ body: 1 });
    queue.subscribe(ANN, 10);
    queue.now += LEASE_MS - 1;
    queue.put({ body: 2 });
    const inTime = queue.pushed().length;
    queue.now += 1;

    queue.put({ body: 3 });

    expect([inTime, queue.pushed().length]).toEqual([2, 0]);
  });

  test("takes no share from those that wait with it", () => {
    const queue = new PushingQueue();
    queue.put({ body: 0 });
    queue.subscribe(ANN, 10);
    queue.subscribe(BEN, 10);
    queue.now += LEASE_MS;
    queue.queue.heard(BEN);

    queue.put(...[1, 2, 3].map((body) => ({ body })));

    expect(queue.pushed(BEN)).toHaveLength(4);
  });

  test("is restored as one, and not by asking again in its name", () => {
    const queue = new PushingQueue();
    queue.put({ body: 1 });

    queue.tell({ verb: "subscribe", subscriber: ANN, credit: 3, leaseMs: LEASE_MS, hearBy: queue.now });
    const unheard = queue.pushed().length;
    queue.tell({ verb: "subscribe", subscriber: ANN, credit: 3, leaseMs: LEASE_MS });
    const asked = queue.pushed().length;
    queue.queue.heard(ANN);
    queue.tell();

    expect([unheard, asked, queue.pushed().length]).toEqual([0, 0, 1]);
  });
});

test("a subscription is told how long its leases last and what time it is", () => {
  const queue = new ToldQueue();
  queue.tell({ verb: "configure", changes: { leaseMs: 45_000 } });

  const configured = queue.tell({ verb: "subscribe", subscriber: ANN, credit: 2 });
  const own = queue.tell({ verb: "subscribe", subscriber: ANN, credit: 2, leaseMs: 5_000 });

  expect(configured).toEqual({ verb: "subscribe", credit: 2, leaseMs: 45_000, time: queue.now });
  expect(own).toEqual({ verb: "subscribe", credit: 4, leaseMs: 5_000, time: queue.now });
});
