/** A consumer that answers with something else than `consumers()` does: it may be of another version, or another class. */
import { expect, test } from "vitest";
import type { ConsumersCalls, PushBatch } from "../../../src/api/push.ts";
import { WorkerTarget } from "../../../src/push/worker-target.ts";

const SETTINGS = { batchSize: 10, batchWaitSeconds: 0, concurrency: 5, timeoutSeconds: 60 };
const BATCH: PushBatch = {
  ...{ queue: "emails", messages: '[{"id":"a"},{"id":"b"}]' },
  ...{ receipts: ["1", "2"], backlog: { count: 0, bytes: 0 } },
};
const NO_VERDICT = { name: "Error", message: "The consumer has answered without a verdict on this message." };
const FAULT = {
  detail:
    "The answer of the consumer cannot be understood. It must be made by consumers() of durable-queue/server, in a version that is no older than that of the queue.",
};

/** A target whose consumer answers each call with this. */
function answering(value: unknown): WorkerTarget {
  const calls = { settingsOf: () => Promise.resolve(value), deliver: () => Promise.resolve(value) };
  const ask = () => Promise.resolve({ ok: true, json: "{}" } as const);
  return new WorkerTarget("emails", () => calls as unknown as ConsumersCalls, ask);
}

const deliver = (answer: unknown) => answering(answer).deliver(BATCH, () => Promise.resolve([]));

test("what a consumer decides is handed on", async () => {
  const verdicts = [
    { verb: "ack", result: '{"n":1}' },
    { verb: "retry", delayMs: 5, error: "Busy." },
  ];

  expect(await deliver({ verdicts, settings: SETTINGS })).toEqual({ verdicts, settings: SETTINGS });
});

test("a verdict that names another command of the queue is none", async () => {
  const verdicts = [{ verb: "delete", nextGeneration: "x" }, { verb: "ack" }];

  expect(await deliver({ verdicts, settings: SETTINGS })).toEqual({
    verdicts: [{ verb: "retry", error: NO_VERDICT }, { verb: "ack" }],
    fault: FAULT,
  });
});

test("a verdict has no fields but its own", async () => {
  const verdicts = [
    { verb: "ack", finish: false, results: ["1"] },
    { verb: "retry", receipts: ["other"], delayMs: Number.NaN },
  ];

  expect((await deliver({ verdicts, settings: SETTINGS })).verdicts).toEqual([{ verb: "ack" }, { verb: "retry" }]);
});

test("messages for which there is no verdict are retried, and those beyond them are ignored", async () => {
  const retried = { verb: "retry", error: NO_VERDICT };
  const ack = { verb: "ack" };

  expect(await deliver({ verdicts: [ack], settings: null })).toEqual({ verdicts: [ack, retried], fault: FAULT });
  expect((await deliver({ verdicts: [ack, ack, ack], settings: null })).verdicts).toEqual([ack, ack]);
});

test.each([undefined, null, "yes", {}, { verdicts: "ack" }, []])("the answer %j is a fault", async (answer) => {
  const retried = { verb: "retry", error: NO_VERDICT };

  expect(await deliver(answer)).toEqual({ verdicts: [retried, retried], fault: FAULT });
});

test("a result that is no JSON is no result", async () => {
  const verdicts = [{ verb: "ack", result: "{" }, { verb: "ack" }];

  expect((await deliver({ verdicts, settings: SETTINGS })).verdicts[0]).toEqual({ verb: "retry", error: NO_VERDICT });
});

test("verdicts count though the settings break their rules", async () => {
  const verdicts = [{ verb: "ack" }, { verb: "ack" }];

  expect(await deliver({ verdicts, settings: { batchSize: "ten" } })).toEqual({ verdicts, fault: FAULT });
});

test.each([
  [undefined, "The consumer has answered without settings."],
  [{ batchSize: Number.NaN }, "settings.batchSize is NaN, but must be a whole number from 1 to 1000."],
])("the settings %j are refused", async (settings, message) => {
  await expect(answering(settings).settings()).rejects.toThrow(message);
});

test("a consumer of a version with fewer settings has the defaults of the others", async () => {
  expect(await answering({ batchSize: 7 }).settings()).toEqual({ ...SETTINGS, batchSize: 7 });
});
