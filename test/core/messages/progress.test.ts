/** How far running messages are, as it is kept in memory. */
import { expect, test } from "vitest";
import { receiptsOf, TestQueue } from "../../support/core/test-queue.ts";

function begin(queue: TestQueue, max = 1): string[] {
  return receiptsOf(queue.runNow({ verb: "receive", max, leaseMs: 60_000, timeoutMs: 0, autoAck: false }).deliveries);
}

function tell(queue: TestQueue, receipt: string | undefined, progress: string): void {
  queue.runNow({ verb: "progress", receipt: receipt ?? "", progress });
}

function progressOf(queue: TestQueue, id: string | undefined): unknown {
  return queue.runNow({ verb: "result", id: id ?? "", timeoutMs: 0 }).job.progress;
}

test("progress of an attempt that failed, or whose lease ended, is not shown while the next one runs", () => {
  const queue = new TestQueue();
  const [id] = queue.put({ body: 1 });
  const [first] = begin(queue);
  tell(queue, first, "90");
  queue.runNow({ verb: "retry", receipts: [first ?? ""], delayMs: 0, error: undefined });
  const [second] = begin(queue);
  expect(progressOf(queue, id)).toBeUndefined();

  tell(queue, second, "10");
  expect(progressOf(queue, id)).toBe("10");
  queue.now += 120_000;
  queue.run();
  queue.now += 120_000;
  begin(queue);

  expect(progressOf(queue, id)).toBeUndefined();
});

test("progress that is still kept belongs to a lease that was extended", () => {
  const queue = new TestQueue();
  const [id] = queue.put({ body: 1 });
  const [receipt = ""] = begin(queue);
  tell(queue, receipt, "50");

  queue.runNow({ verb: "extend", receipts: [receipt], leaseMs: 90_000 });

  expect(progressOf(queue, id)).toBe("50");
});

test.each([
  ["acked", (receipts: string[]) => ({ verb: "ack", receipts, finish: true }) as const],
  ["rejected", (receipts: string[]) => ({ verb: "reject", receipts, error: undefined }) as const],
  ["given back", (receipts: string[]) => ({ verb: "retry", receipts, delayMs: undefined, error: undefined }) as const],
])("progress of messages that were %s takes no room from a job that runs", (_, end) => {
  const queue = new TestQueue();
  const [id] = queue.put({ body: "long" });
  tell(queue, begin(queue)[0], "1");

  for (let batch = 0; batch < 6; batch += 1) {
    queue.putCount(100);
    const receipts = begin(queue, 100);
    for (const receipt of receipts) tell(queue, receipt, JSON.stringify("x".repeat(8_000)));
    queue.runNow(end(receipts));
  }

  expect(progressOf(queue, id)).toBe("1");
});

test("progress of very many messages that run at once is bounded by their number too", () => {
  const queue = new TestQueue();
  const [id] = queue.put({ body: "first" });
  tell(queue, begin(queue)[0], "1");

  queue.putCount(40_000);
  const receipts = begin(queue, 40_000);
  for (const receipt of receipts) tell(queue, receipt, "1");

  expect(progressOf(queue, id)).toBeUndefined();
});
