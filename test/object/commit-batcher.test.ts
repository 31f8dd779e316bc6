import { afterEach, expect, test, vi } from "vitest";
import { MachineClock } from "../../src/machine-clock.ts";
import { CommitBatcher, type Incoming } from "../../src/object/commit-batcher.ts";
import { ExpectedCallers, HTTP_CALLERS } from "../../src/object/expected-callers.ts";
import { Pendings } from "../../src/object/pendings.ts";
import { freshQueue } from "../support/call.ts";
import { connect } from "../support/sockets/object-socket.ts";

const COMMAND: Incoming = { requestId: 1, command: { verb: "describe" }, characters: 100, arrivedAt: 0 };

/** A batcher, and the callers that it expects: these many, which were just answered. */
function batcherExpecting(count: number): { batcher: CommitBatcher; callers: ExpectedCallers } {
  const callers = new ExpectedCallers();
  for (let answered = 0; answered < count; answered += 1) callers.answered(HTTP_CALLERS, Date.now());
  return { batcher: new CommitBatcher(new MachineClock(), new Pendings(), callers, 0), callers };
}

/** How many milliseconds, until the end of the test, commits are delayed. */
function countDelays(): () => number {
  const wait = vi.spyOn(scheduler, "wait");
  return () => wait.mock.calls.filter(([ms]) => ms > 0).length;
}

afterEach(() => {
  vi.restoreAllMocks();
});

test("a commit is delayed for many expected callers, four milliseconds and no longer", async () => {
  const delays = countDelays();
  const { batcher } = batcherExpecting(8);
  batcher.add([COMMAND]);
  expect((await batcher.collect()).commands).toEqual([COMMAND]);
  expect(delays()).toBe(4);

  // None came, so that the next commit is not delayed.
  batcher.add([COMMAND]);
  await batcher.collect();
  expect(delays()).toBe(4);
});

test("a caller that is alone does not wait for a turn of the event loop", async () => {
  const wait = vi.spyOn(scheduler, "wait");
  const { batcher, callers } = batcherExpecting(1);
  callers.asked(HTTP_CALLERS);
  batcher.add([COMMAND]);
  await batcher.collect();
  expect(wait).not.toHaveBeenCalled();
});

test("a commit is not delayed for callers that are back", async () => {
  const delays = countDelays();
  const { batcher, callers } = batcherExpecting(8);
  callers.asked(HTTP_CALLERS);
  batcher.add([COMMAND]);
  await batcher.collect();
  expect(delays()).toBe(0);
});

test("a commit is not delayed for callers that were answered some time ago", async () => {
  const delays = countDelays();
  const { batcher } = batcherExpecting(100);
  const now = Date.now();
  vi.spyOn(Date, "now").mockReturnValue(now + 251);
  batcher.add([COMMAND]);
  await batcher.collect();
  expect(delays()).toBe(0);
});

test("a commit of a row's worth of commands is not delayed", async () => {
  const delays = countDelays();
  const { batcher } = batcherExpecting(100);
  batcher.add(new Array<Incoming>(256).fill(COMMAND));
  expect((await batcher.collect()).commands).toHaveLength(256);
  expect(delays()).toBe(0);
});

test("a worker that is pushed message after message is not an expected caller", async () => {
  const queue = freshQueue();
  const [worker, producer] = [await connect(queue), await connect(queue)];
  worker.say({ id: 1, verb: "subscribe", request: { credit: 100 } });
  await worker.next();
  const delays = countDelays();
  for (let id = 2; id < 32; id += 1) {
    producer.say({ id, verb: "put", lines: 1 }, { n: id });
    await producer.next();
    const { push } = await worker.next();
    worker.say({ id, verb: "ack", request: { receipts: [push[0].receipt] } });
    await worker.next();
  }
  expect(delays()).toBe(0);
});

test.each([
  ["delayed for connections that were answered a moment ago", false, 4],
  ["not delayed for connections that have closed", true, 0],
])("a commit is %s", async (_, haveClosed, expected) => {
  const queue = freshQueue();
  const [last, ...others] = await Promise.all(Array.from({ length: 9 }, () => connect(queue)));
  const putOne = async (producer: typeof last) => {
    producer?.say({ id: 1, verb: "put", lines: 1 }, {});
    await producer?.next();
  };
  // However long this takes on a busy machine, it is a moment ago.
  vi.spyOn(Date, "now").mockReturnValue(Date.now());
  for (const producer of others) await putOne(producer);
  const delays = countDelays();
  if (haveClosed) {
    for (const producer of others) producer.end();
    await Promise.all(others.map(({ closed }) => closed));
  }
  await putOne(last);
  expect(delays()).toBe(expected);
});
