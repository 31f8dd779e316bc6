/** Calls that stay without an answer on a connection that lives, on a clock of the test. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Deadline } from "../../../worker-client/src/base/deadline.ts";
import type { Call } from "../../../worker-client/src/transport/call.ts";
import { FrameWriter } from "../../../worker-client/src/transport/frame-writer.ts";
import { ANSWER_SECONDS, SocketCalls } from "../../../worker-client/src/transport/socket-calls.ts";

let calls: SocketCalls;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  const nothing = () => undefined;
  const place = { address: "http://queue.test", queue: "tasks" };
  const events = {
    sendSoon: nothing,
    updateNeed: nothing,
    foreignReply: nothing,
    giveBack: nothing,
    isTaken: () => false,
  };
  calls = new SocketCalls(place, 120, { ...events, outage: undefined });
  calls.connected();
});
afterEach(() => vi.useRealTimers());

/** Begins a call, and sends it. */
function send(call: Call) {
  const outcome = calls.send(call);
  outcome.catch(() => undefined);
  return { outcome, id: sent()[0]?.id ?? 0 };
}

/** The operations that are to be sent. */
function sent(): { id: number; verb: string }[] {
  const frames: string[] = [];
  const writer = new FrameWriter((frame) => frames.push(frame));
  calls.addTo(writer);
  writer.flush();
  return frames.flatMap((frame) => frame.split("\n").map((line) => JSON.parse(line)));
}

function pass(seconds: number): void {
  vi.advanceTimersByTime(seconds * 1_000);
  calls.tick();
}

test("what can be repeated is sent again, alone and under another id, and others go on", async () => {
  const describing = send({ verb: "describe" });
  const waiting = send({ verb: "receive", deadline: new Deadline({}) });

  pass(ANSWER_SECONDS - 1);
  expect(sent()).toEqual([]);
  pass(2);

  const [again] = sent();
  expect(again).toMatchObject({ verb: "describe" });
  expect([describing.id, waiting.id]).not.toContain(again?.id);
  calls.answered({ id: again?.id ?? 0, reply: { name: "tasks" } });
  calls.answered({ id: waiting.id, reply: { messages: [] } });
  expect(await describing.outcome).toEqual({ value: { name: "tasks" }, isRepeated: true });
  expect(await waiting.outcome).toEqual({ value: { messages: [] }, isRepeated: false });
});

test("what cannot be repeated fails, and is not known to be applied", async () => {
  const { outcome } = send({ verb: "purge", isRepeatable: false });

  pass(ANSWER_SECONDS + 1);

  await expect(outcome).rejects.toThrow("It is not known whether this was applied.");
  expect(sent()).toEqual([]);
});

test("a wait is cancelled at the server when its time has passed, and fails if that is not answered either", async () => {
  const { outcome, id } = send({ verb: "join", deadline: new Deadline({ timeoutSeconds: 5 }) });

  vi.advanceTimersByTime(5_000);
  expect(sent()).toMatchObject([{ verb: "cancel_wait", request: { ids: [id] } }]);
  vi.advanceTimersByTime(1_000);

  await expect(outcome).rejects.toMatchObject({ code: "unavailable", queue: "tasks" });
});

test("a wait that is answered in time ends as it was answered", async () => {
  const { outcome, id } = send({ verb: "join", deadline: new Deadline({ timeoutSeconds: 5 }) });

  vi.advanceTimersByTime(5_000);
  calls.answered({ id, reply: { finished: false } });

  expect(await outcome).toMatchObject({ value: { finished: false } });
});
