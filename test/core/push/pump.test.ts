/** What the pump does when its queue refuses, its target hangs, or either changes under it. */
import { describe, expect, test } from "vitest";
import type { Refusal } from "../../../src/queue/base/commands.ts";
import { DEFAULT_CONFIGURATION } from "../../../src/queue/base/configuration.ts";
import { TestPump, TestTarget } from "../../support/core/test-pump.ts";

const never = <Value>() => new Promise<Value>(() => undefined);

function refusal(code: Refusal["code"]): Refusal {
  return { verb: "refused", code, detail: "It is so." };
}

describe("a receive that is refused", () => {
  test("is not tried again with the next commit batch, but when some time is over, which doubles", async () => {
    const pump = new TestPump(new TestTarget());
    await pump.look();
    expect(pump.receives).toBe(2);
    await pump.answer(refusal("overloaded"));
    await pump.answer(refusal("overloaded"));

    await pump.look();
    expect(pump.receives).toBe(0);
    await pump.pass(1_000);
    expect(pump.receives).toBe(2);
    await pump.answer(refusal("internal"));
    await pump.pass(1_000);

    expect(pump.receives).toBe(1);
    await pump.pass(1_000);
    expect(pump.receives).toBe(2);
  });

  test.each(["damaged", "newer_data", "misconfigured"] as const)(
    "because the queue is %s waits for a commit batch",
    async (code) => {
      const pump = new TestPump(new TestTarget());
      await pump.look();
      await pump.answer(refusal(code));
      await pump.answer(refusal(code));

      await pump.pass(3_600_000);
      expect(pump.receives).toBe(0);
      await pump.look();

      expect(pump.receives).toBe(2);
    },
  );

  test("because the queue is shut down is tried again when it has messages all the same", async () => {
    const pump = new TestPump(new TestTarget());
    await pump.look();
    await pump.answer(refusal("shut_down"));
    await pump.answer(refusal("shut_down"));
    pump.queue.waiting = 0;
    await pump.look();
    expect(pump.receives).toBe(0);

    pump.queue.waiting = 1;
    await pump.look();

    expect(pump.receives).toBe(2);
  });
});

describe("messages that are handed out", () => {
  test("are given back if the same commit batch has configured another target", async () => {
    const [old, other] = [new TestTarget(), new TestTarget()];
    const pump = new TestPump(old);
    await pump.look();

    pump.target = other;
    await pump.handOut("1");

    expect(old.batches).toEqual([]);
    expect(pump.commands).toContainEqual({ verb: "release", receipts: ["1"] });
  });
});

test("nothing waits for the messages of a queue that is deleted, which come to be those of another one", async () => {
  const pump = new TestPump(new TestTarget());
  await pump.look();

  pump.queue.exists = false;
  await pump.look();

  expect(pump.receives).toBe(0);
});

describe("a target", () => {
  test("that never says its settings is at fault, and keeps no other from being asked", async () => {
    const hanging = new TestTarget();
    hanging.settings = never;
    const pump = new TestPump(hanging);
    await pump.look();
    const other = new TestTarget();

    pump.target = other;
    await pump.look();
    expect([other.asked, pump.receives]).toEqual([1, 2]);
    pump.target = hanging;
    await pump.look();
    await pump.pass(30_000);

    expect(pump.logged).toEqual(["The consumer cannot be asked for its settings: It did not answer in time."]);
  });

  test("that rejects counts as one that could not be called, and others are still pushed", async () => {
    const target = new TestTarget();
    target.answer = () => Promise.reject(new Error("It broke."));
    const pump = new TestPump(target);
    await pump.look();

    await pump.handOut("1");

    expect(pump.logged).toEqual(["It broke."]);
    expect(pump.commands).toContainEqual({
      ...{ verb: "retry", receipts: ["1"] },
      error: { name: "Error", message: "It broke." },
    });
    await pump.pass(1_000);
    expect(pump.pump.view?.inFlight).toBe(0);
  });

  test("that failed must say its settings again before it gets another message", async () => {
    const target = new TestTarget();
    const pump = new TestPump(target);
    await pump.look();
    const { answer, settings } = target;
    target.answer = () => Promise.resolve({ verdicts: [{ verb: "release" }], fault: { detail: "It is gone." } });
    await pump.handOut("1");
    target.settings = () => Promise.reject(new Error("It is gone."));

    await pump.pass(1_000);
    await pump.pass(2_000);
    expect([target.batches, pump.receives]).toEqual([[["1"]], 0]);
    Object.assign(target, { answer, settings });
    await pump.pass(4_000);

    expect(pump.receives).toBe(1);
    await pump.handOut("2");
    expect(target.batches).toEqual([["1"], ["2"]]);
    expect(pump.receives).toBe(2);
  });

  test("that cannot say its settings is asked again for messages alone", async () => {
    const target = new TestTarget();
    const { settings } = target;
    target.settings = () => Promise.reject(new Error("It is gone."));
    const pump = new TestPump(target);
    pump.queue.waiting = 0;
    await pump.look();
    target.settings = settings;

    await pump.pass(1_000);
    await pump.look();
    expect([target.asked, pump.logged.length]).toEqual([0, 1]);
    pump.queue.waiting = 1;
    await pump.look();

    expect([target.asked, pump.receives]).toEqual([1, 1]);
  });

  test("that has none to say is asked again by a later commit batch, not by time alone", async () => {
    const target = new TestTarget();
    const { settings } = target;
    target.settings = () => Promise.resolve(null);
    const pump = new TestPump(target);
    await pump.look();
    target.settings = settings;

    await pump.look();
    await pump.pass(10_000);
    expect([target.asked, pump.receives]).toEqual([0, 0]);
    await pump.look();

    expect([target.asked, pump.receives]).toEqual([1, 2]);
  });

  test("is told no more of a fault than a line", async () => {
    const target = new TestTarget();
    const detail = "x".repeat(100_000);
    target.answer = () => Promise.resolve({ verdicts: [], fault: { detail } });
    const pump = new TestPump(target);
    await pump.look();

    await pump.handOut("1");

    expect(pump.logged).toEqual(["x".repeat(500)]);
  });
});

test("messages that an object finds wait to fill a batch until its alarm goes off, and later ones for their time", async () => {
  const target = new TestTarget();
  const settings = { batchSize: 10, batchWaitSeconds: 20, concurrency: 2, timeoutSeconds: 60 };
  target.settings = () => Promise.resolve(settings);
  const pump = new TestPump(target);
  const fillMs = () => pump.commands.flatMap((command) => (command.verb === "receive" ? [command.fillMs] : []));

  await pump.pump.prepare({ configuration: DEFAULT_CONFIGURATION, waiting: 1 });
  await pump.look();
  expect(fillMs()).toEqual([20_000, 20_000]);
  pump.pump.alarmed();
  await pump.look();
  expect(fillMs()).toEqual([0, 20_000]);
  await pump.handOut("1");
  pump.pump.alarmed();
  await pump.look();

  expect(fillMs()).toEqual([20_000, 20_000]);
});
