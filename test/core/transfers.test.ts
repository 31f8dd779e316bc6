import { expect, test } from "vitest";
import type { TransferResultCommand } from "../../src/queue/base/commands.ts";
import { DEFAULT_CONFIGURATION } from "../../src/queue/base/configuration.ts";
import type { OutboundTransfer } from "../../src/queue/outbound-transfers.ts";
import { Queue } from "../../src/queue/queue.ts";
import { MemoryRows } from "../support/core/memory-rows.ts";
import { TestQueue } from "../support/core/test-queue.ts";
import { Random } from "../support/random.ts";

const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32));
const MESSAGES = 400;

/** A queue that can crash before, or right after, it has stored what it did. */
class CrashingQueue {
  readonly #rows = new MemoryRows();
  readonly #generation: string;
  #queue: Queue;
  readonly name: string;
  now = 1_000;

  constructor(name: string) {
    this.name = name;
    this.#generation = `i${name}`;
    this.#queue = new Queue(this.#generation, this.#rows);
  }

  /** Undefined if it crashed before the answer went out. */
  run(command: Parameters<Queue["apply"]>[1], crash: "no" | "before" | "after" = "no") {
    this.#queue.advance(this.now);
    this.#queue.apply(1, command, this.now);
    const commit = this.#queue.takeCommit();
    if (crash !== "before" && commit !== undefined) this.#rows.write(commit);
    if (crash !== "no") {
      const { exists } = this.#queue;
      const stored = this.#rows.load();
      const configuration = CONFIGURATIONS[this.name] ?? DEFAULT_CONFIGURATION;
      const existing = { generation: this.#generation, configuration };
      this.#queue = new Queue(exists && stored ? { ...existing, stored } : this.#generation, this.#rows);
      return undefined;
    }
    return this.#queue.takeResults().find(({ requestId }) => requestId === 1)?.result;
  }

  outbound(): OutboundTransfer[] {
    return this.#queue.takeOutboundTransfers(this.now);
  }
}

const CONFIGURATIONS = {
  tasks: {
    ...DEFAULT_CONFIGURATION,
    maxAttempts: 1,
    deadLetterQueue: "dead",
  },
} as Record<string, typeof DEFAULT_CONFIGURATION>;

/** How many messages each body has in a queue. */
function bodiesIn(queue: CrashingQueue): string[] {
  const result = queue.run({ verb: "messages", cursor: "", limit: 10_000 });
  return result?.verb === "messages" ? result.views.map(({ payload }) => String(JSON.parse(payload).body)) : [];
}

test("messages that move while both queues crash at any time arrive once each", () => {
  console.log(`SEED=${SEED}`);
  const random = new Random(SEED);
  const [tasks, dead] = [new CrashingQueue("tasks"), new CrashingQueue("dead")];
  tasks.run({ verb: "configure", changes: CONFIGURATIONS.tasks ?? {} });
  dead.run({ verb: "configure", changes: {} });
  const crash = () => random.pick(["no", "no", "no", "no", "before", "after"] as const);
  const sent: OutboundTransfer[] = [];
  let seen = { crashes: 0, sentAgain: 0 };
  const accepted = new Set<number>();

  /** Says something to the tasks' queue, whose crash loses track of what it has sent. */
  const tell = (command: Parameters<CrashingQueue["run"]>[0]) => {
    const fault = crash();
    tasks.run(command, fault);
    if (fault !== "no") {
      seen = { ...seen, crashes: seen.crashes + 1 };
      // What it had sent may still arrive, but the outcome is not reported.
      for (const { generation, number, messages } of sent.splice(0)) {
        if (random.chance(0.5)) dead.run({ verb: "receive_transfer", queue: "tasks", generation, number, messages });
      }
    }
    sent.push(...tasks.outbound());
  };
  for (let index = 0; index < MESSAGES; index += 1) {
    const messages = [{ content: `"body":"${index}"`, priority: 100, delayMs: 0 }];
    // Without a key a put whose answer was lost cannot be made again, so this one is told until it is stored.
    while (tasks.run({ verb: "put", messages, timeoutMs: 0, idempotencyKey: `k${index}` }) === undefined);
  }

  for (let batch = 0; batch < 20_000 && bodiesIn(dead).length < MESSAGES; batch += 1) {
    tasks.now += 1_000;
    dead.now = tasks.now;
    tell({ verb: "receive", max: 1 + random.integer(5), leaseMs: 1, timeoutMs: 0, autoAck: false });
    const transfer = sent.splice(random.integer(sent.length + 1), 1)[0];
    if (transfer === undefined) continue;
    const { generation, number, messages } = transfer;
    if (accepted.has(number)) seen = { ...seen, sentAgain: seen.sentAgain + 1 };
    const answer = dead.run({ verb: "receive_transfer", queue: "tasks", generation, number, messages }, crash());
    if (answer !== undefined) accepted.add(number);
    const isHeard = answer !== undefined && random.chance(0.7);
    const settle: TransferResultCommand = {
      verb: "transfer_result",
      generation,
      number,
      outcome: isHeard ? "accepted" : "unknown",
    };
    tell(settle);
  }

  const everywhere = [...bodiesIn(dead)].sort((a, b) => Number(a) - Number(b));
  expect(everywhere).toEqual(Array.from({ length: MESSAGES }, (_, index) => String(index)));
  expect(seen.crashes).toBeGreaterThan(20);
  expect(seen.sentAgain).toBeGreaterThan(5);
});

const DEAD_LETTER = { id: "x-1-1", reason: "max_attempts", attempts: 1, firstPutAt: 1, diedAt: 2 } as const;
const MESSAGE = { content: '"body":"letter"', priority: 100, deadLetter: DEAD_LETTER };

test("a try that was long on its way does not come in after a later one was refused", () => {
  const dead = new TestQueue();
  dead.run({ verb: "configure", changes: {} });
  const accept = { verb: "receive_transfer", queue: "tasks", generation: "i", number: 1, messages: [MESSAGE] } as const;

  dead.queue.isStorageFull = true;
  const refused = dead.run({ ...accept, messages: [MESSAGE] });
  dead.queue.isStorageFull = false;
  const late = dead.run({ ...accept, messages: [MESSAGE] });
  const next = dead.run({ ...accept, number: 2, messages: [MESSAGE] });

  expect([refused, late, next]).toMatchObject([
    { code: "storage_full" },
    { code: "storage_full" },
    { verb: "receive_transfer", ids: [expect.any(String)] },
  ]);
  expect(dead.describe().visible).toBe(1);
});

test("an attempt whose outcome is never reported is made again", () => {
  const tasks = new TestQueue();
  tasks.run({ verb: "configure", changes: { maxAttempts: 1, deadLetterQueue: "dead" } });
  tasks.put({ body: "poison" });
  tasks.receive(1, 1);
  tasks.now += 1;
  tasks.run();

  const counts = [tasks.outbound().length, tasks.outbound().length];
  tasks.now += 30_000;
  counts.push(tasks.outbound().length);

  expect(counts).toEqual([1, 0, 1]);
});

test("dead letters of several queues share segments", () => {
  const dead = new TestQueue();
  dead.run({ verb: "configure", changes: {} });
  const before = dead.rows.size;
  for (let number = 1; number <= 200; number += 1) {
    for (const queue of ["a", "b"]) {
      dead.run({ verb: "receive_transfer", queue, generation: "i", number, messages: [MESSAGE] });
    }
  }

  expect(dead.describe().visible).toBe(400);
  expect(dead.rows.size - before).toBeLessThan(10);
});

test("a redrive of the dead letters of one queue is not held up by those of another that refuses them", () => {
  const dead = new TestQueue();
  for (const queue of ["a", "b"]) {
    dead.run({ verb: "receive_transfer", queue, generation: "i", number: 1, messages: [MESSAGE] });
  }

  dead.run({ verb: "redrive", max: 10, from: "b" });

  expect(dead.outbound()).toMatchObject([{ to: "b", messages: [{ content: MESSAGE.content }] }]);
});

test("a queue whose dead letters are under way wakes for their next attempt and not before", () => {
  const tasks = new TestQueue();
  tasks.run({ verb: "configure", changes: { maxAttempts: 1, deadLetterQueue: "dead" } });
  for (const body of [1, 2]) {
    tasks.put({ body });
    tasks.receive(1, 1);
    tasks.now += 1;
    tasks.run();
  }
  const [transfer] = tasks.outbound();

  const { generation, number } = transfer as OutboundTransfer;
  tasks.run({ verb: "transfer_result", generation, number, outcome: "unknown" });

  expect(tasks.describe()).toMatchObject({ transferring: 1, dead: 1 });
  expect(tasks.queue.nextWakeAt).toBe(tasks.now + 1_000);
});

test("what comes to a new queue is stored, although the one before it, deleted in the same commit batch, was full", () => {
  const dead = new TestQueue();
  dead.put({ body: "old" });
  dead.queue.isStorageFull = true;
  dead.queue.advance(dead.now);
  dead.queue.apply(1, { verb: "delete", nextGeneration: "next" }, dead.now);
  dead.queue.takeResults();
  dead.rows.clear();

  const result = dead.run({
    verb: "receive_transfer",
    queue: "tasks",
    generation: "i",
    number: 1,
    messages: [MESSAGE],
  });

  expect(result).toMatchObject({ verb: "receive_transfer", ids: [expect.stringMatching(/^0\.next-/)] });
});
