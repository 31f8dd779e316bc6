import fc from "fast-check";
import { expect, test } from "vitest";
import { MonotonicClock } from "../../src/queue/base/clock.ts";

test("server time never goes back, whatever the machine's clock does", () => {
  fc.assert(
    fc.property(fc.nat(), fc.array(fc.integer({ min: -1e6, max: 1e9 })), (lastSeen, machineTimes) => {
      const clock = new MonotonicClock(lastSeen);

      const times = machineTimes.map((machineTime) => clock.now(machineTime));

      expect([lastSeen, ...times]).toEqual([lastSeen, ...times].toSorted((a, b) => a - b));
    }),
  );
});

test("after a step back, time goes on at the machine's pace instead of standing still", () => {
  const clock = new MonotonicClock(0);
  clock.now(100_000);

  const atTheStep = clock.now(40_000);
  const tenSecondsLater = clock.now(50_000);

  expect(tenSecondsLater - atTheStep).toBe(10_000);
});

test("a restart takes up the time that was stored", () => {
  const clock = new MonotonicClock(100_000);

  expect(clock.now(90_000)).toBe(100_000);
  expect(clock.now(120_000)).toBe(130_000);
});
