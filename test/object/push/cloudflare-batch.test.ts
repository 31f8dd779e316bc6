/** What becomes of the messages of a batch is what Cloudflare Queues makes of the same calls of the same handler. */
import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import * as fc from "fast-check";
import { expect, test, vi } from "vitest";
import { Batch, type CloudflareBatch } from "../../../worker-client/push/batch.ts";

const QUEUE = "emails";
const MESSAGES = 4;

/** What a handler does, in this order. */
type Step = { call: "ack" | "retry"; index: number } | { call: "ackAll" | "retryAll" } | { call: "throw" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      call: fc.constantFrom("ack" as const, "retry" as const),
      index: fc.integer({ min: 0, max: MESSAGES - 1 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ call: fc.constantFrom("ackAll" as const, "retryAll" as const) }) },
  { weight: 1, arbitrary: fc.constant({ call: "throw" as const }) },
);

const ids = Array.from({ length: MESSAGES }, (_, index) => `id-${index}`);

function handle(batch: CloudflareBatch, steps: readonly Step[]): void {
  for (const taken of steps) {
    if (taken.call === "throw") throw new Error("no room");
    else if ("index" in taken) batch.messages[taken.index]?.[taken.call]();
    else batch[taken.call]();
  }
}

/** What it throws; undefined if it returns. */
function failureOf(batch: CloudflareBatch, steps: readonly Step[]): { error: unknown } | undefined {
  try {
    handle(batch, steps);
    return undefined;
  } catch (error) {
    return { error };
  }
}

/**
 * Which messages are done and which are delivered again by Cloudflare Queues: a call for a message comes before one for
 * all, and either before what the handler returns or throws. So its documentation says; the broker of `wrangler dev`
 * delivers a whole batch again whose handler threw, acked messages too.
 */
async function cloudflareSays(steps: readonly Step[]): Promise<string[]> {
  const batch = createMessageBatch(
    QUEUE,
    ids.map((id) => ({ id, timestamp: new Date(0), body: id, attempts: 1 })),
  );
  const failure = failureOf(batch, steps);
  const { ackAll, retryBatch, explicitAcks, retryMessages } = await getQueueResult(batch, createExecutionContext());
  const retried = retryMessages.map(({ msgId }) => msgId);
  return ids.map((id) => {
    if (explicitAcks.includes(id)) return "ack";
    if (retried.includes(id)) return "retry";
    if (ackAll || retryBatch.retry) return ackAll ? "ack" : "retry";
    return failure === undefined ? "ack" : "retry";
  });
}

function weSay(steps: readonly Step[]): string[] {
  const received = ids.map((id) => ({ id, body: id, attempt: 1, priority: 100, putAt: 0, receipt: id }));
  const batch = new Batch(QUEUE, received, { count: 0, bytes: 0 });
  const failure = failureOf(batch, steps);
  return batch.close(failure).map(({ verb }) => verb);
}

test("each order of ack, retry, ackAll, retryAll and throw has the outcome that Cloudflare Queues documents", async () => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
      expect(weSay(steps)).toEqual(await cloudflareSays(steps));
    }),
    { numRuns: 2_000 },
  );
});
