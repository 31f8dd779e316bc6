/** What a thread or process does with the messages that it is given, without a thread or process. */
import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import type { FromRunner } from "../../../worker-client/src/isolation/protocol.ts";
import { Outbox } from "../../../worker-client/src/isolation/runner/outbox.ts";
import { Runs } from "../../../worker-client/src/isolation/runner/runs.ts";
import type { Message } from "../../../worker-client/src/message/message.ts";
import { QueueCalls } from "../../../worker-client/src/message/queue-calls.ts";
import type { Call } from "../../../worker-client/src/transport/call.ts";

afterEach(() => {
  vi.useRealTimers();
});

/** Runs of a handler, and what they tell, in lists that are sent together. */
function runsOf(
  handler: (message: Message<unknown>) => unknown,
  {
    reply = () => ({}),
    concurrency = 1_000,
    sending,
  }: {
    reply?: (call: Call) => unknown;
    concurrency?: number;
    sending?: (messages: readonly FromRunner[]) => void;
  } = {},
) {
  const sent: (readonly FromRunner[])[] = [];
  const send = (messages: readonly FromRunner[]) => {
    sending?.(messages);
    sent.push(messages);
  };
  const outbox = new Outbox({ send, listen: () => undefined });
  const route = { send: (call: Call) => Promise.resolve({ value: reply(call), isRepeated: false }) };
  const runs = new Runs(handler, new QueueCalls("images", route as never), outbox, concurrency);
  const add = (run: number, isAhead = false) =>
    runs.add({
      kind: "run",
      run,
      message: { id: `m-${run}`, receipt: `r-${run}`, body: 1, attempt: 1 } as never,
      isAhead,
    });
  const ended = () => sent.flat().flatMap((each) => (each.kind === "ended" ? [each.outcome] : []));
  const returned = () => sent.flat().flatMap((each) => (each.kind === "returned" ? each.runs : []));
  return { sent, add, ended, returned };
}

test("the lease that a handler has extended is extended by the worker from then on, and does not end here", async () => {
  vi.useFakeTimers();
  const signals: AbortSignal[] = [];
  const leaseEndsAt = Date.now() / 1_000 + 1;
  const { add } = runsOf(
    async (message) => {
      signals.push(message.signal);
      await message.extend(1);
      await new Promise(() => undefined);
    },
    { reply: () => ({ extended: 1, leaseSeconds: 1, leaseEndsAt }) },
  );
  add(0);
  await vi.advanceTimersByTimeAsync(5_000);

  expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
});

test("whatever a handler throws is told, and ends nothing else", async () => {
  const refuse = () => {
    throw new Error("It cannot be looked at.");
  };
  const { add, ended } = runsOf(() => {
    throw new Proxy({}, { get: refuse, getPrototypeOf: refuse, has: refuse, ownKeys: refuse });
  });
  add(0);
  await vi.waitFor(() => expect(ended()).toMatchObject([{ verb: "threw", isReason: false }]));
});

test("what is told in one go is sent in parts, so that a text has a bound", async () => {
  const { add, ended, sent } = runsOf(() => undefined);
  for (let run = 0; run < 1_000; run += 1) add(run);
  await vi.waitFor(() => expect(ended().length).toBe(1_000));
  expect(Math.max(...sent.map(({ length }) => length))).toBeLessThanOrEqual(64);

  const parts: number[] = [];
  const outbox = new Outbox({ send: ({ length }) => parts.push(length), listen: () => undefined });
  for (let line = 0; line < 150; line += 1)
    outbox.tell({ kind: "log", level: "info", text: "line", details: {} as never });
  outbox.flush();
  expect(parts).toEqual([64, 64, 22]);
});

test("what was sent ahead goes back when a handler waits for long, also if it was said to begin", async () => {
  vi.useFakeTimers();
  const { add, returned } = runsOf(({ id }) => (id === "m-20" ? new Promise(() => undefined) : Promise.resolve()), {
    concurrency: 1,
  });
  for (let run = 0; run < 30; run += 1) add(run, run > 0);
  await vi.advanceTimersByTimeAsync(200);

  expect(returned()).toEqual([21, 22, 23, 24, 25, 26, 27, 28, 29]);
});

test("what was sent ahead goes back when the process stands still before it has said that it begins", async () => {
  let stoodMs = 0;
  const now = performance.now.bind(performance);
  vi.spyOn(performance, "now").mockImplementation(() => now() + stoodMs);
  onTestFinished(() => void vi.restoreAllMocks());
  const begun: string[] = [];
  const { add, returned } = runsOf(({ id }) => begun.push(id), {
    concurrency: 1,
    sending: (messages) => {
      if (messages.some((each) => each.kind === "begun" && each.runs.includes(1))) stoodMs += 100;
    },
  });
  add(0);
  add(1, true);
  await vi.waitFor(() => expect(returned()).toEqual([1]));

  expect(begun).toEqual(["m-0"]);
});
