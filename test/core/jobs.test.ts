import { expect, test } from "vitest";
import { TestQueue } from "../support/core/test-queue.ts";

const SUBSCRIBER = 7;
const WAIT = 8;
const REDRIVE = 9;

/** Receives a message, and answers with its receipt. */
function receive(queue: TestQueue): string {
  const { deliveries } = queue.runNow({ verb: "receive", max: 1, leaseMs: 60_000, timeoutMs: 0, autoAck: false });
  return deliveries[0]?.lease?.receipt ?? "";
}

/** A queue with a message that died in another queue, which a call waits for, and a redrive on its way back there. */
function withTransfer(): { queue: TestQueue; id: string } {
  const queue = new TestQueue();
  const deadLetter = { id: "0.o-1-0", reason: "rejected" as const, attempts: 1, firstPutAt: 1, diedAt: 2 };
  const messages = [{ content: '"body":"a"', priority: 100, deadLetter }];
  const sender = { queue: "other", generation: "o", number: 1 };
  const [id = ""] = queue.runNow({ verb: "receive_transfer", ...sender, messages }).ids;
  queue.run({ verb: "watch", subscriber: SUBSCRIBER, ids: [id], events: false });
  queue.run({ verb: "result", id, timeoutMs: 60_000 }, WAIT);
  queue.run({ verb: "redrive", max: 1 }, REDRIVE);
  return { queue, id };
}

test("a message on its way to another queue that has not ended is shown as it was", () => {
  const { queue, id } = withTransfer();

  expect(queue.runNow({ verb: "result", id, timeoutMs: 0 }).job).toMatchObject({ id, state: "waiting" });
});

test("waiting calls and watches learn that a message is not known any more when it has arrived in another queue", () => {
  const { queue, id } = withTransfer();

  queue.run({ verb: "transfer_result", generation: "i", number: 1, outcome: "accepted" });

  expect(queue.received()).toEqual([
    { requestId: WAIT, code: "unknown_message" },
    { requestId: SUBSCRIBER, verb: "job", job: { id, state: "unknown", isExpired: true } },
    { requestId: REDRIVE, verb: "redrive", redriven: 1, left: 0 },
  ]);
});

test("a job of which no outcome is kept has no progress from before its redrive", () => {
  const queue = new TestQueue();
  const [id = ""] = queue.put({ body: "a", rules: { resultMs: 0 } });
  const receipt = receive(queue);
  queue.run({ verb: "progress", receipt, progress: "1" });
  queue.run({ verb: "reject", receipts: [receipt] });
  queue.run({ verb: "redrive", max: 1 });

  receive(queue);

  expect(queue.runNow({ verb: "result", id, timeoutMs: 0 }).job.progress).toBeUndefined();
});

test("a watch with events tells a change of a job that was moved before", () => {
  const queue = new TestQueue();
  queue.run({ verb: "configure", changes: { order: "priority" } });
  const [id = ""] = queue.put({ body: "a" });
  queue.run({ verb: "watch", subscriber: SUBSCRIBER, ids: [id], events: true });
  queue.run({ verb: "change", id, changes: { priority: 1 } });
  queue.received();

  queue.run({ verb: "change", id, changes: { priority: 2, delayMs: 1_000 } });

  const job = { id, state: "delayed", attempts: 0, putAt: queue.now, until: queue.now + 1_000 };
  expect(queue.received()).toEqual([{ requestId: SUBSCRIBER, verb: "job", job }]);
});

test("a message without a task whose outcome is not to be kept is no job", () => {
  const queue = new TestQueue();
  queue.put({ body: "a", rules: { resultMs: 0 } });
  const [task] = queue.put({ body: "b", rules: { resultMs: 0 }, headers: '{"dq-task":"a"}', isJob: true });

  const { jobs } = queue.runNow({ verb: "jobs", cursor: "", limit: 10 });

  expect(jobs.map(({ id }) => id)).toEqual([task]);
});

test("a job whose last attempt was cut off has the error of the one before, in its parts", () => {
  const queue = new TestQueue();
  const [id = ""] = queue.put({ body: "a", rules: { maxAttempts: 2, retryDelayMs: 0, resultMs: 60_000 } });
  const error = {
    name: "RangeError",
    message: "n: too large:\nby far",
    stack: "    at run (tasks.js:1:1)\n    at work.js:2:2",
  };
  queue.run({ verb: "retry", receipts: [receive(queue)], error });
  receive(queue);

  queue.now += 60_001;

  expect(queue.runNow({ verb: "result", id, timeoutMs: 0 }).job).toMatchObject({ state: "failed", attempts: 2, error });
});

test("many calls that wait for one large result are answered in as many commit batches as their bytes need", () => {
  const queue = new TestQueue();
  const [id = ""] = queue.put({ body: "a", rules: { resultMs: 0 } });
  for (let wait = 0; wait < 40; wait += 1) queue.run({ verb: "result", id, timeoutMs: 60_000 }, WAIT + wait);
  const result = JSON.stringify("x".repeat(1_000_000));

  queue.run({ verb: "ack", receipts: [receive(queue)], finish: true, results: [result] });
  const first = queue.received();
  const answered = [...first];
  while (queue.queue.isBehind) {
    queue.run();
    answered.push(...queue.received());
  }

  expect(first.length).toBeLessThan(10);
  expect(answered.map(({ requestId }) => requestId).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 40 }, (_, wait) => WAIT + wait),
  );
});

test("a list of jobs reads no more than some megabytes for a page, however few of them it shows", () => {
  const queue = new TestQueue();
  const results = ["x".repeat(500_000), "y".repeat(500_000)].map((text) => JSON.stringify(text));
  for (let pair = 0; pair < 20; pair += 1) {
    queue.put({ body: 1 }, { body: 2 });
    queue.run({ verb: "ack", receipts: [receive(queue), receive(queue)], finish: true, results });
  }

  let pages = 0;
  let shown = 0;
  for (let cursor: string | null = ""; cursor !== null; pages += 1) {
    const page: { jobs: unknown[]; cursor: string | null } = queue.runNow({
      ...({ verb: "jobs", state: "failed", limit: 10 } as const),
      cursor,
    });
    shown += page.jobs.length;
    cursor = page.cursor;
  }

  expect([pages, shown]).toEqual([3, 0]);
});
