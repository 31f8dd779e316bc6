import { expect, test } from "vitest";
import {
  SENDER_KEPT_MS,
  SENDERS_FORGOTTEN_MAX,
  SENDERS_MIN,
  SENDERS_RUN_MS,
} from "../../src/queue/inbound-transfers.ts";
import { TestQueue } from "../support/core/test-queue.ts";

const DAY_MS = 86_400_000;

/** Has a message come in from another queue, under this number. Answers how many messages were stored by that. */
function accept(target: TestQueue, queue: string, number = 1): number {
  const messages = [{ content: '"body":1', priority: 100 }];
  const result = target.run({ verb: "receive_transfer", queue, generation: "i", number, messages });
  return result?.verb === "receive_transfer" ? result.ids.length : Number.NaN;
}

/** Has many other queues send something, each once. */
function acceptFrom(target: TestQueue, prefix: string, senders: number): void {
  for (let sender = 0; sender < senders; sender += 1) expect(accept(target, `${prefix}${sender}`)).toBe(1);
}

test("senders that sent something long ago are forgotten beyond so many, so that their rows do not grow for ever", () => {
  const target = new TestQueue();

  for (let month = 0; month < 6; month += 1) {
    acceptFrom(target, `${month}-`, SENDERS_MIN);
    target.now += SENDER_KEPT_MS + DAY_MS;
  }

  // Those of the last two months, and what one look leaves.
  expect(target.rows.senders).toBeLessThanOrEqual(2 * SENDERS_MIN + SENDERS_FORGOTTEN_MAX);
});

test("few senders are remembered for ever", () => {
  const target = new TestQueue();
  acceptFrom(target, "old", 10);

  target.now += 100 * SENDER_KEPT_MS;
  acceptFrom(target, "new", SENDERS_MIN - 10);
  target.now += SENDERS_RUN_MS;
  const restarted = target.restarted();
  expect(accept(restarted, "new0", 2)).toBe(1);

  expect(restarted.rows.senders).toBe(SENDERS_MIN);
  expect(accept(restarted, "old0")).toBe(0);
});

test("many senders are remembered for a month", () => {
  const target = new TestQueue();
  acceptFrom(target, "old", 300);

  target.now += SENDER_KEPT_MS - DAY_MS;
  acceptFrom(target, "new", 2 * SENDERS_MIN);

  for (let sender = 0; sender < 300; sender += 1) expect(accept(target, `old${sender}`)).toBe(0);
});

test("a transfer that is sent again after a long outage is known, though many others come in at once", () => {
  const target = new TestQueue();
  acceptFrom(target, "before", SENDERS_MIN);
  expect(accept(target, "sender")).toBe(1);

  const restarted = target.restarted();
  restarted.now += 10 * SENDER_KEPT_MS;
  acceptFrom(restarted, "after", SENDERS_MIN);
  restarted.now += SENDERS_RUN_MS - 1;
  acceptFrom(restarted, "later", SENDERS_MIN);

  expect(accept(restarted, "sender")).toBe(0);
});

test("a sender that asks after the same transfer again and again is not forgotten", () => {
  const target = new TestQueue();
  acceptFrom(target, "before", SENDERS_MIN);
  expect(accept(target, "sender")).toBe(1);

  for (let day = 0; day < 100; day += 1) {
    target.now += DAY_MS + 1;
    acceptFrom(target, `${day}-`, 50);
    expect(accept(target, "sender")).toBe(0);
  }

  expect(target.rows.senders).toBeLessThan(SENDERS_MIN + 50 * 32 + SENDERS_FORGOTTEN_MAX);
});

test("to ask again after a transfer writes nothing", () => {
  const target = new TestQueue();
  accept(target, "sender");
  const { rowsWritten } = target.rows;

  for (let again = 0; again < 10; again += 1) expect(accept(target, "sender")).toBe(0);

  expect(target.rows.rowsWritten).toBe(rowsWritten);
});

test("no commit forgets more senders than so many", () => {
  const target = new TestQueue();
  acceptFrom(target, "old", SENDERS_MIN + 3 * SENDERS_FORGOTTEN_MAX);
  target.now += SENDER_KEPT_MS + DAY_MS;
  accept(target, "new");
  target.now += SENDERS_RUN_MS;
  let before = target.rows.senders;

  for (let message = 0; message < 400; message += 1) {
    accept(target, `newest${message}`);
    expect(before - target.rows.senders).toBeLessThanOrEqual(SENDERS_FORGOTTEN_MAX);
    before = target.rows.senders;
  }

  expect(target.rows.senders).toBeLessThanOrEqual(SENDERS_MIN + SENDERS_FORGOTTEN_MAX + 1);
});
