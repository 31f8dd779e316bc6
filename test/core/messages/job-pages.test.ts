/** How much one page of the list of jobs has. */
import { expect, test } from "vitest";
import { LIST_BYTES_MAX } from "../../../src/contract/limits.ts";
import { receiptsOf, TestQueue } from "../../support/core/test-queue.ts";

const JOBS = 400;

/** A queue with jobs that are leased, and their receipts. */
function running(): [TestQueue, string[]] {
  const queue = new TestQueue();
  queue.put(...Array.from({ length: JOBS }, (_, body) => ({ body, rules: { resultMs: 60_000 } })));
  const request = { verb: "receive", max: JOBS, leaseMs: 60_000, timeoutMs: 0, autoAck: false } as const;
  return [queue, receiptsOf(queue.runNow(request).deliveries)];
}

/** The texts of all pages of the list. */
function pagesOf(queue: TestQueue): string[] {
  const pages: string[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const page: { jobs: object[]; cursor: string | null } = queue.runNow({ verb: "jobs", cursor, limit: 1_000 });
    pages.push(JSON.stringify(page.jobs));
    cursor = page.cursor;
  }
  expect(pages.flatMap((page) => JSON.parse(page))).toHaveLength(JOBS);
  return pages;
}

test.each<[string, (queue: TestQueue, receipts: string[]) => unknown]>([
  [
    "results",
    (queue, receipts) => {
      const results = receipts.map(() => JSON.stringify("x".repeat(8_000)));
      queue.runNow({ verb: "ack", receipts, finish: true, results });
    },
  ],
  [
    "errors",
    (queue, receipts) => {
      queue.runNow({ verb: "reject", receipts, error: { name: "E", message: "m", stack: "s".repeat(8_000) } });
    },
  ],
  [
    "progress",
    (queue, receipts) => {
      const progress = JSON.stringify("p".repeat(8_000));
      for (const receipt of receipts) queue.runNow({ verb: "progress", receipt, progress });
    },
  ],
])("a page of jobs has about as much as may be with long %s", (_, end) => {
  const [queue, receipts] = running();
  end(queue, receipts);

  const pages = pagesOf(queue);

  expect(Math.max(...pages.map((page) => page.length))).toBeLessThan(LIST_BYTES_MAX * 1.1);
});
