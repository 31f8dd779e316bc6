/** What a thread or process does with the messages that it is given, without a thread or process. */
import { afterEach, expect, test, vi } from "vitest";
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
function runsOf(handler: (message: Message<unknown>) => unknown, reply: (call: Call) => unknown = () => ({})) {
  const sent: (readonly FromRunner[])[] = [];
  const outbox = new Outbox({ send: (messages) => sent.push(messages), listen: () => undefined });
  const route = { send: (call: Call) => Promise.resolve({ value: reply(call), isRepeated: false }) };
  const runs = new Runs(handler, new QueueCalls("images", route as never), outbox, 1_000);
  const add = (run: number) =>
    runs.add({
      kind: "run",
      run,
      message: { id: `m-${run}`, receipt: `r-${run}`, body: 1, attempt: 1 } as never,
      isAhead: false,
    });
  const ended = () => sent.flat().flatMap((each) => (each.kind === "ended" ? [each.outcome] : []));
  return { sent, add, ended };
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
    () => ({ extended: 1, leaseSeconds: 1, leaseEndsAt }),
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
