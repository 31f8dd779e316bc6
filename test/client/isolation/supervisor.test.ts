/** What becomes of messages and processes, with processes that the test plays. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Crash } from "../../../worker-client/src/events/worker-events.ts";
import { type QueueError, QueueError as QueueErrorClass } from "../../../worker-client/src/index.ts";
import { Supervisor, type SupervisorOptions } from "../../../worker-client/src/isolation/supervisor.ts";
import { Lease } from "../../../worker-client/src/message/lease.ts";
import { Message } from "../../../worker-client/src/message/message.ts";
import type { QueueCalls } from "../../../worker-client/src/message/queue-calls.ts";
import { FakeChild } from "../../support/isolation/fake-child.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

let messages = 0;

function message(): Message<unknown> {
  messages += 1;
  const received = { id: `m-${messages}`, receipt: `r-${messages}`, body: 1, attempt: 1, priority: 100, putAt: 0 };
  return new Message(received as never, new Lease(Number.POSITIVE_INFINITY), { queue: "images" } as QueueCalls);
}

/** A supervisor whose processes the test plays, and what it tells. */
function supervised(options: Partial<SupervisorOptions> = {}) {
  const children: FakeChild[] = [];
  const crashes: Crash[] = [];
  const failures: QueueError[] = [];
  const unusable: QueueError[] = [];
  const supervisor = new Supervisor(
    {
      count: 1,
      concurrency: 2,
      tasksMax: undefined,
      sendsAhead: false,
      start: { data: undefined, isLogged: false },
      ...options,
      open: (events) => {
        const child = new FakeChild(children.length + 1, events);
        children.push(child);
        return child;
      },
    },
    {
      ready: () => undefined,
      changed: () => undefined,
      crashed: (crash) => crashes.push(crash),
      failed: (error) => failures.push(error),
      unusable: (error) => unusable.push(error),
      said: () => undefined,
    },
  );
  /** The last process that was started. */
  const last = () => children.at(-1) as FakeChild;
  return { supervisor, children, crashes, failures, unusable, last };
}

/** The same with one process of which 20 handlers have ended at once, so that messages are sent ahead. */
function quickSupervised() {
  const { supervisor, last } = supervised({ concurrency: 1, sendsAhead: true });
  last().ready();
  for (let run = 0; run < 20; run += 1) {
    void supervisor.run(message());
    last().say({ kind: "begun", runs: [run] });
    last().say({ kind: "ended", run, outcome: { verb: "returned" }, ms: 0.1 });
  }
  return { supervisor, last };
}

/** What became of a run: the act of its verdict, or the error. */
function outcome(run: Promise<{ act: unknown } | undefined>): Promise<unknown> {
  return run.then(
    (verdict) => verdict?.act,
    (error: unknown) => error,
  );
}

const RELEASED = { verb: "release", delaySeconds: 0 };

test("there is room only in processes that are ready", async () => {
  const { supervisor, children } = supervised({ count: 2 });
  expect(supervisor.capacity).toBe(0);
  expect(await outcome(supervisor.run(message()))).toEqual(RELEASED);

  children[0]?.ready();
  expect(supervisor.capacity).toBe(2);
  children[1]?.ready();
  expect(supervisor.capacity).toBe(4);
  void supervisor.run(message());
  expect(supervisor.capacity).toBe(4);
});

test("the process that has the least to do gets the next message, and those of one turn together", async () => {
  const { supervisor, children } = supervised({ count: 2 });
  for (const child of children) child.ready();
  for (let n = 0; n < 3; n += 1) void supervisor.run(message());
  await Promise.resolve();
  const sizes = children.map(({ runs }) => runs.length);

  expect(sizes).toEqual([2, 1]);
});

test("of what a process had in hand when it died, only what had begun has failed", async () => {
  const { supervisor, last, crashes } = supervised();
  last().ready();
  const begun = message();
  const outcomes = [outcome(supervisor.run(begun)), outcome(supervisor.run(message()))];
  last().say({ kind: "begun", runs: [0] });
  last().end();

  expect(await Promise.all(outcomes)).toEqual([
    expect.objectContaining({
      code: "process_died",
      message: `The process 1 that ran message ${begun.id} of images was ended by SIGKILL.`,
    }),
    RELEASED,
  ]);
  expect(crashes).toEqual([{ kind: "process", id: 1, reason: "was ended by SIGKILL", restartSeconds: 0.5 }]);
  expect(supervisor.capacity).toBe(0);
});

test("another one begins after longer and longer, and soon again when one has lived for a minute", () => {
  const { children, last, crashes } = supervised();
  for (let n = 0; n < 8; n += 1) {
    last().ready();
    last().end();
    const seconds = crashes.at(-1)?.restartSeconds ?? 0;
    vi.advanceTimersByTime(seconds * 1_000 - 1);
    expect(children.length).toBe(n + 1);
    vi.advanceTimersByTime(1);
    expect(children.length).toBe(n + 2);
  }
  last().ready();
  vi.advanceTimersByTime(60_000);
  last().end();

  expect(crashes.map(({ restartSeconds }) => restartSeconds)).toEqual([0.5, 1, 2, 4, 8, 16, 30, 30, 0.5]);
});

test("a process that does not load its module in a minute is killed, and the work has failed", async () => {
  const { last, failures } = supervised();
  vi.advanceTimersByTime(59_999);
  expect(last().wasKilled).toBe(false);
  await vi.advanceTimersByTimeAsync(5);
  expect(last().wasKilled).toBe(true);
  last().end();
  await Promise.resolve();
  await Promise.resolve();

  expect(failures).toMatchObject([
    {
      code: "handler_unusable",
      message:
        "The module of the tasks had not loaded in a process after 60 seconds: let it define tasks alone, and begin with what takes long in their handlers.",
    },
  ]);
});

test("a module that cannot be loaded any more is told, and tried again", () => {
  const { children, last, failures, unusable } = supervised();
  last().ready();
  last().end();
  vi.advanceTimersByTime(500);
  last().say({ kind: "unusable", text: "The module is gone.", status: 1 });
  last().end("ended itself with status 0", true);
  vi.advanceTimersByTime(1_000);

  expect(unusable).toMatchObject([{ code: "handler_unusable", message: "The module is gone." }]);
  expect(failures).toEqual([]);
  expect(children.length).toBe(3);
});

test("a handler that goes on after its timeout has its place until it ends, and is killed after five seconds", async () => {
  const { supervisor, children, last, crashes } = supervised();
  last().ready();
  const late = message();
  const outcomes = [outcome(supervisor.run(late)), outcome(supervisor.run(message()))];
  last().say({ kind: "begun", runs: [0, 1] });
  const error = new QueueErrorClass("It took too long.", { code: "timeout" });
  late.abort(error);
  await Promise.resolve();

  expect(last().heard.at(-1)).toMatchObject({ kind: "abort", run: 0, error: { code: "timeout" } });
  expect(supervisor.capacity).toBe(1);
  vi.advanceTimersByTime(4_999);
  expect(last().wasKilled).toBe(false);
  await vi.advanceTimersByTimeAsync(5);
  expect(last().wasKilled).toBe(true);
  last().end();

  expect(await Promise.all(outcomes)).toEqual([error, RELEASED]);
  expect(crashes).toEqual([]);
  expect(children.length).toBe(2);
});

test("a process that has had its tasks ends and is replaced at once", async () => {
  const { supervisor, children, last, crashes } = supervised({ tasksMax: 1 });
  last().ready();
  const run = outcome(supervisor.run(message()));
  expect(supervisor.capacity).toBe(1);
  last().say({ kind: "ended", run: 0, ms: 1, outcome: { verb: "ack", result: "1" } });
  await run;
  await Promise.resolve();

  expect(supervisor.capacity).toBe(0);
  expect(last().heard.at(-1)).toEqual({ kind: "end" });
  last().end("ended itself with status 0", true);
  expect(children.length).toBe(2);
  expect(crashes).toEqual([]);
});

test("at the end a process may finish what it has, and is killed if it takes long", async () => {
  const { supervisor, last } = supervised();
  last().ready();
  const ended = supervisor.end();
  await Promise.resolve();
  expect(last().heard.at(-1)).toEqual({ kind: "end" });
  vi.advanceTimersByTime(3_999);
  expect(last().wasKilled).toBe(false);
  vi.advanceTimersByTime(1);
  expect(last().wasKilled).toBe(true);
  last().end();

  await ended;
});

test("a worker that takes nothing more starts no processes: one that loads is ended, and one that dies not replaced", async () => {
  const { supervisor, children, crashes } = supervised({ count: 3 });
  const [loading, busy, dying] = children as [FakeChild, FakeChild, FakeChild];
  dying.ready();
  dying.end();
  busy.ready();
  const run = outcome(supervisor.run(message()));
  busy.say({ kind: "begun", runs: [0] });
  supervisor.stop();

  expect(loading.wasKilled).toBe(true);
  loading.end("was ended by SIGTERM");
  busy.end();
  vi.advanceTimersByTime(60_000);
  expect(await run).toMatchObject({ code: "process_died" });
  expect(children.length).toBe(3);
  expect(crashes).toEqual([
    { kind: "process", id: 3, reason: "was ended by SIGKILL", restartSeconds: 0.5 },
    { kind: "process", id: 2, reason: "was ended by SIGKILL", restartSeconds: undefined },
  ]);
  await supervisor.end();
});

test("what waits behind a handler that blocks is given to others, but for what was said to have begun", async () => {
  const { supervisor, last } = quickSupervised();
  const outcomes = Array.from({ length: 5 }, () => outcome(supervisor.run(message())));
  last().say({ kind: "begun", runs: [20, 21, 22] });
  await vi.advanceTimersByTimeAsync(200);

  expect(last().heard.at(-1)).toEqual({ kind: "taken", runs: [23, 24] });
  expect(await Promise.all(outcomes.slice(3))).toEqual([RELEASED, RELEASED]);
  expect(supervisor.capacity).toBe(3);
});

test("what was sent while a process gave others back is given to others too", async () => {
  const { supervisor, last } = quickSupervised();
  const outcomes = Array.from({ length: 3 }, () => outcome(supervisor.run(message())));
  last().say({ kind: "begun", runs: [20] });
  outcomes.push(outcome(supervisor.run(message())), outcome(supervisor.run(message())));
  last().say({ kind: "returned", runs: [21, 22] });
  await vi.advanceTimersByTimeAsync(200);

  expect(last().heard.filter(({ kind }) => kind === "taken")).toEqual([{ kind: "taken", runs: [23, 24] }]);
  expect(await Promise.all(outcomes.slice(1))).toEqual([RELEASED, RELEASED, RELEASED, RELEASED]);
  expect(supervisor.capacity).toBe(1);
});

test("what a process said in time counts, also where this one was blocked and reads it late", async () => {
  const { supervisor, last } = supervised();
  const late = message();
  const read = (ms: number, heard: () => void) => setTimeout(() => setImmediate(heard), ms);
  read(60_000, () => last().ready());
  await vi.advanceTimersByTimeAsync(60_010);
  expect(last().wasKilled).toBe(false);

  void outcome(supervisor.run(late));
  late.abort(new QueueErrorClass("It took too long.", { code: "timeout" }));
  read(5_000, () => last().say({ kind: "ended", run: 0, outcome: { verb: "returned" }, ms: 4_000 }));
  await vi.advanceTimersByTimeAsync(5_010);
  expect(last().wasKilled).toBe(false);
});
