/** Which messages of a worker may begin: by what is left of their leases. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Lease } from "../../../worker-client/src/message/lease.ts";
import { Message } from "../../../worker-client/src/message/message.ts";
import type { QueueCalls } from "../../../worker-client/src/message/queue-calls.ts";
import { LeasedMessages } from "../../../worker-client/src/workers/leased-messages.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date", "performance", "setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

interface Extend {
  request: { receipts: string[]; leaseSeconds: number };
}

/** A message of a worker, and how often its lease was extended. `answerMs`: how long the server takes to answer. */
function heldMessage({ lengthMs, leftMs, leaseMs }: Record<"lengthMs" | "leftMs" | "leaseMs", number>, answerMs = 0) {
  let extensions = 0;
  const calls = {
    send: async (_: string, { request: { leaseSeconds } }: Extend) => {
      extensions += 1;
      const leaseEndsAt = Date.now() / 1_000 + leaseSeconds;
      await new Promise((answered) => setTimeout(answered, answerMs));
      return { value: { extended: 1, stale: [], cancelled: [], leaseSeconds, leaseEndsAt } };
    },
  } as unknown as QueueCalls;
  const begun: string[] = [];
  const leased = new LeasedMessages(calls, leaseMs, () => {
    begun.push(...leased.takeNext(1).map(({ id }) => id));
  });
  const received = { id: "1", receipt: "1", body: "1", attempt: 0, priority: 100, putAt: 0 };
  leased.add(new Message<unknown>(received, new Lease(lengthMs, leftMs), calls));
  return { leased, begun, extensions: () => extensions };
}

/** Lets the server answer so often. */
async function answers(count: number, answerMs: number): Promise<void> {
  for (let answer = 0; answer < count; answer += 1) await vi.advanceTimersByTimeAsync(answerMs);
}

test.each([
  { was: 60, is: 3 },
  { was: 60, is: 1 },
  { was: 3, is: 60 },
  { was: 43_200, is: 1 },
])("a message whose lease was $was seconds begins also when leases last $is seconds since", async ({ was, is }) => {
  const { leased, begun, extensions } = heldMessage({ lengthMs: was * 1_000, leftMs: was * 900, leaseMs: is * 1_000 });

  expect(leased.takeNext(1)).toEqual([]);
  await answers(5, 0);

  expect(begun).toEqual(["1"]);
  expect(extensions()).toBe(1);
});

test.each([100, 500, 700, 950])(
  "a message begins also where %i of the 1,000 ms of a lease pass before an answer",
  async (answerMs) => {
    const { leased, begun, extensions } = heldMessage({ lengthMs: 1_000, leftMs: 900, leaseMs: 1_000 }, answerMs);

    leased.takeNext(1);
    await answers(5, answerMs);

    expect(begun).toEqual(["1"]);
    expect(extensions()).toBe(1);
  },
);

test("an extension that fails is tried again at the next check, and not at once", async () => {
  let extensions = 0;
  const send = async () => {
    extensions += 1;
    // Lets a worker go on that tries without end.
    if (extensions > 50) await new Promise(() => undefined);
    throw new Error("The server is away.");
  };
  const calls = { send } as unknown as QueueCalls;
  const leased = new LeasedMessages(calls, 30_000, () => void leased.takeNext(1));
  const received = { id: "1", receipt: "1", body: "1", attempt: 0, priority: 100, putAt: 0 };
  leased.add(new Message<unknown>(received, new Lease(30_000, 25_000), calls));

  leased.takeNext(1);
  await vi.advanceTimersByTimeAsync(100);
  expect(extensions).toBe(1);

  // As a worker does at an interval.
  leased.takeNext(1);
  await vi.advanceTimersByTimeAsync(100);
  expect(extensions).toBe(2);
});
