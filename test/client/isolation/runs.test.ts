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
  const runs = new Runs(handler, new QueueCalls("images", route as never), outbox);
  const add = (run: number) => runs.add(run, { id: `m-${run}`, receipt: `r-${run}`, body: 1, attempt: 1 } as never);
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
