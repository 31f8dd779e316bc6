import { afterEach, expect, test, vi } from "vitest";
import { MachineClock } from "../../src/machine-clock.ts";
import { CommitBatcher, type Incoming } from "../../src/object/commit-batcher.ts";
import { freshQueue } from "../support/call.ts";
import { connect } from "../support/object-socket.ts";

const COMMAND: Incoming = { requestId: 1, command: { verb: "describe" }, characters: 100, arrivedAt: 0 };

/** How often, until the end of the test, somebody was waited for. */
function countLingers(): () => number {
  const wait = vi.spyOn(scheduler, "wait");
  return () => wait.mock.calls.filter(([ms]) => ms > 0).length;
}

afterEach(() => {
  vi.restoreAllMocks();
});

test("a crowd that was just answered is waited for, a few milliseconds and no longer", async () => {
  const lingers = countLingers();
  const batcher = new CommitBatcher(new MachineClock());
  batcher.answered(8);
  batcher.add([COMMAND], false);
  expect((await batcher.collect()).commands).toEqual([COMMAND]);
  expect(lingers()).toBe(4);

  // Nobody came, so next time it is no crowd any more.
  batcher.add([COMMAND], false);
  await batcher.collect();
  expect(lingers()).toBe(4);
});

test("whoever is alone is not kept for a turn of the event loop", async () => {
  const wait = vi.spyOn(scheduler, "wait");
  const batcher = new CommitBatcher(new MachineClock());
  batcher.answered(1);
  batcher.add([COMMAND], true);
  await batcher.collect();
  expect(wait).not.toHaveBeenCalled();
});

test("whoever is back is not waited for", async () => {
  const lingers = countLingers();
  const batcher = new CommitBatcher(new MachineClock());
  batcher.answered(8);
  batcher.add([COMMAND], true);
  await batcher.collect();
  expect(lingers()).toBe(0);
});

test("a crowd that was answered some time ago is not waited for", async () => {
  const lingers = countLingers();
  const batcher = new CommitBatcher(new MachineClock());
  batcher.answered(100);
  const now = Date.now();
  vi.spyOn(Date, "now").mockReturnValue(now + 251);
  batcher.add([COMMAND], false);
  await batcher.collect();
  expect(lingers()).toBe(0);
});

test("a commit batch with a row's worth of commands waits for nobody", async () => {
  const lingers = countLingers();
  const batcher = new CommitBatcher(new MachineClock());
  batcher.answered(100);
  batcher.add(new Array<Incoming>(256).fill(COMMAND), false);
  expect((await batcher.collect()).commands).toHaveLength(256);
  expect(lingers()).toBe(0);
});

test("a worker that is pushed message after message does not become a crowd", async () => {
  const queue = freshQueue();
  const [worker, producer] = [await connect(queue), await connect(queue)];
  worker.say({ id: 1, verb: "subscribe", request: { credit: 100 } });
  await worker.next();
  const lingers = countLingers();
  for (let id = 2; id < 32; id += 1) {
    producer.say({ id, verb: "put", lines: 1 }, { n: id });
    await producer.next();
    const { push } = await worker.next();
    worker.say({ id, verb: "ack", request: { receipts: [push[0].receipt] } });
    await worker.next();
  }
  expect(lingers()).toBe(0);
});

test.each([
  ["that were answered a moment ago are waited for", false, 4],
  ["that have gone are not", true, 0],
])("a crowd of connections: those %s", async (_, haveGone, expected) => {
  const queue = freshQueue();
  const [last, ...crowd] = await Promise.all(Array.from({ length: 9 }, () => connect(queue)));
  const putOne = async (producer: typeof last) => {
    producer?.say({ id: 1, verb: "put", lines: 1 }, {});
    await producer?.next();
  };
  // However long this takes on a busy machine, it is a moment ago.
  vi.spyOn(Date, "now").mockReturnValue(Date.now());
  for (const producer of crowd) await putOne(producer);
  const lingers = countLingers();
  if (haveGone) {
    for (const producer of crowd) producer.end();
    await Promise.all(crowd.map(({ closed }) => closed));
  }
  await putOne(last);
  expect(lingers()).toBe(expected);
});
