import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { WorkerReports } from "../../../worker-client/src/events/worker-reports.ts";
import { Lease } from "../../../worker-client/src/message/lease.ts";
import { Message } from "../../../worker-client/src/message/message.ts";
import type { QueueCalls } from "../../../worker-client/src/message/queue-calls.ts";
import { Settlements } from "../../../worker-client/src/workers/settlements.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** A queue that takes every ack. */
const calls = { send: async () => ({ value: { stale: [] }, isRepeated: false }) } as unknown as QueueCalls;

function messageOf(id: string): Message<unknown> {
  const received = { id, receipt: id, body: id, attempt: 1, priority: 100, putAt: 0 };
  return new Message<unknown>(received, new Lease(60_000), calls);
}

test("a worker that is idle holds no message in memory that was acked", async () => {
  const { promise: confirmed, resolve } = Promise.withResolvers<void>();
  const settlements = new Settlements(calls, new WorkerReports("tasks", {}), resolve);
  const ackOne = () => {
    const message = messageOf("a");
    settlements.ack(message);
    return new WeakRef(message);
  };

  const reference = ackOne();
  settlements.flush();
  await confirmed;
  // A weak reference that was just made is kept until the next turn of the event loop.
  await new Promise((resume) => setImmediate(resume));
  collectGarbage();

  expect(settlements.areAllConfirmed).toBe(true);
  expect(reference.deref()).toBeUndefined();
});
