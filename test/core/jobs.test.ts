import { expect, test } from "vitest";
import { TestQueue } from "../support/core/test-queue.ts";

const SUBSCRIBER = 7;
const WAIT = 8;
const REDRIVE = 9;

/** A queue with a message that died in another queue, which a caller waits for, and a redrive on its way back there. */
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

test("those who wait for a message learn that it is not known any more when it has arrived in another queue", () => {
  const { queue, id } = withTransfer();

  queue.run({ verb: "transfer_result", generation: "i", number: 1, outcome: "accepted" });

  expect(queue.received()).toEqual([
    { requestId: WAIT, code: "unknown_message" },
    { requestId: SUBSCRIBER, verb: "job", job: { id, state: "unknown", isExpired: true } },
    { requestId: REDRIVE, verb: "redrive", redriven: 1, left: 0 },
  ]);
});
