import { expect, test } from "vitest";
import {
  SENDER_KEPT_MS,
  SENDERS_FORGOTTEN_MAX,
  SENDERS_MIN,
  SENDERS_RUN_MS,
} from "../../src/queue/inbound-transfers.ts";
import { ToldQueue } from "../support/told-queue.ts";

const DAY_MS = 86_400_000;

/** Has a message come in from another queue, under this number. Answers how many messages were stored by that. */
function accept(told: ToldQueue, queue: string, number = 1): number {
  const messages = [{ content: '"body":1', priority: 100 }];
  const result = told.tell({ verb: "receive_transfer", queue, generation: "i", number, messages });
  return result?.verb === "receive_transfer" ? result.ids.length : Number.NaN;
}

/** Has many other queues send something, each once. */
function acceptFrom(told: ToldQueue, prefix: string, senders: number): void {
  for (let sender = 0; sender < senders; sender += 1) expect(accept(told, `${prefix}${sender}`)).toBe(1);
}

test("senders that sent something long ago are forgotten beyond so many, so that their rows do not grow for ever", () => {
  const told = new ToldQueue();

  for (let month = 0; month < 6; month += 1) {
    acceptFrom(told, `${month}-`, SENDERS_MIN);
    told.now += SENDER_KEPT_MS + DAY_MS;
  }

  // Those of the last two months, and what one look leaves.
  expect(told.rows.senders).toBeLessThanOrEqual(2 * SENDERS_MIN + SENDERS_FORGOTTEN_MAX);
});

test("few senders are remembered for ever", () => {
  const told = new ToldQueue();
  acceptFrom(told, "old", 10);

  told.now += 100 * SENDER_KEPT_MS;
  acceptFrom(told, "new", SENDERS_MIN - 10);
  told.now += SENDERS_RUN_MS;
  const restarted = told.restarted();
  expect(accept(restarted, "new0", 2)).toBe(1);

  expect(restarted.rows.senders).toBe(SENDERS_MIN);
  expect(accept(restarted, "old0")).toBe(0);
});

test("many senders are remembered for a month", () => {
  const told = new ToldQueue();
  acceptFrom(told, "old", 300);

  told.now += SENDER_KEPT_MS - DAY_MS;
  acceptFrom(told, "new", 2 * SENDERS_MIN);

  for (let sender = 0; sender < 300; sender += 1) expect(accept(told, `old${sender}`)).toBe(0);
});

test("a transfer that is sent again after a long outage is known, though many others come in at once", () => {
  const told = new ToldQueue();
  acceptFrom(told, "before", SENDERS_MIN);
  expect(accept(told, "sender")).toBe(1);

  const restarted = told.restarted();
  restarted.now += 10 * SENDER_KEPT_MS;
  acceptFrom(restarted, "after", SENDERS_MIN);
  restarted.now += SENDERS_RUN_MS - 1;
  acceptFrom(restarted, "later", SENDERS_MIN);

  expect(accept(restarted, "sender")).toBe(0);
});

test("a sender that asks after the same transfer again and again is not forgotten", () => {
  const told = new ToldQueue();
  acceptFrom(told, "before", SENDERS_MIN);
  expect(accept(told, "sender")).toBe(1);

  for (let day = 0; day < 100; day += 1) {
    told.now += DAY_MS + 1;
    acceptFrom(told, `${day}-`, 50);
    expect(accept(told, "sender")).toBe(0);
  }

  expect(told.rows.senders).toBeLessThan(SENDERS_MIN + 50 * 32 + SENDERS_FORGOTTEN_MAX);
});

test("to ask again after a transfer writes nothing", () => {
  const told = new ToldQueue();
  accept(told, "sender");
  const { rowsWritten } = told.rows;

  for (let again = 0; again < 10; again += 1) expect(accept(told, "sender")).toBe(0);

  expect(told.rows.rowsWritten).toBe(rowsWritten);
});

test("no commit forgets more senders than so many", () => {
  const told = new ToldQueue();
  acceptFrom(told, "old", SENDERS_MIN + 3 * SENDERS_FORGOTTEN_MAX);
  told.now += SENDER_KEPT_MS + DAY_MS;
  accept(told, "new");
  told.now += SENDERS_RUN_MS;
  let before = told.rows.senders;

  for (let message = 0; message < 400; message += 1) {
    accept(told, `newest${message}`);
    expect(before - told.rows.senders).toBeLessThanOrEqual(SENDERS_FORGOTTEN_MAX);
    before = told.rows.senders;
  }

  expect(told.rows.senders).toBeLessThanOrEqual(SENDERS_MIN + SENDERS_FORGOTTEN_MAX + 1);
});
