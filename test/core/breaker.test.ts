import { expect, test } from "vitest";
import { Breaker } from "../../src/push/breaker.ts";

const NOW = 1_700_000_000_000;
const FAULT = { detail: "It is gone." };

test("a target that works is pushed to as its settings say", () => {
  const breaker = new Breaker();

  expect([breaker.waitMs(NOW), breaker.isProbing, breaker.succeeded(NOW)]).toEqual([0, false, false]);
  expect(breaker.view(NOW)).toEqual({ state: "running" });
});

test("each further fault doubles the time in which nothing is pushed, up to 300 seconds", () => {
  const breaker = new Breaker();
  const waits: number[] = [];
  let now = NOW;

  for (let count = 0; count < 11; count += 1) {
    breaker.failed(FAULT, now);
    waits.push(breaker.waitMs(now) / 1_000);
    now += breaker.waitMs(now);
  }

  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
});

test("batches that were under way when one failed change nothing", () => {
  const breaker = new Breaker();
  breaker.failed(FAULT, NOW);

  expect(breaker.failed(FAULT, NOW + 10)).toBeUndefined();
  expect(breaker.succeeded(NOW + 20)).toBe(false);

  expect(breaker.waitMs(NOW)).toBe(1_000);
});

test("after the time one batch is a probe, and its success ends the fault", () => {
  const breaker = new Breaker();
  breaker.failed(FAULT, NOW);
  expect(breaker.view(NOW)).toEqual({ state: "waiting", resumesAt: NOW / 1_000 + 1, detail: "It is gone." });

  expect([breaker.waitMs(NOW + 1_000), breaker.isProbing]).toEqual([0, true]);
  expect(breaker.succeeded(NOW + 1_001)).toBe(true);

  expect([breaker.isProbing, breaker.view(NOW)]).toEqual([false, { state: "running" }]);
});

test("a target may ask for a longer time, of at most an hour, also while it rests", () => {
  const breaker = new Breaker();

  breaker.failed({ ...FAULT, retryAfterMs: 60_000 }, NOW);
  expect(breaker.waitMs(NOW)).toBe(60_000);
  breaker.failed({ ...FAULT, retryAfterMs: 86_400_000 }, NOW + 1);

  expect(breaker.waitMs(NOW + 1)).toBe(3_600_000);
});

test("a target that is stopped stays so, until what is stored says otherwise", () => {
  const breaker = new Breaker();
  const stopped = breaker.failed({ ...FAULT, isStopped: true }, NOW) ?? null;
  breaker.take(stopped);

  expect([breaker.waitMs(NOW), breaker.succeeded(NOW), breaker.failed(FAULT, NOW)]).toEqual([
    ...[Number.POSITIVE_INFINITY, false],
    undefined,
  ]);
  expect(breaker.view(NOW)).toEqual({ state: "stopped", detail: "It is gone." });
  breaker.take(null);

  expect(breaker.waitMs(NOW)).toBe(0);
});

test("a fault that was stored holds for the object that comes after", () => {
  const breaker = new Breaker();

  breaker.take({ count: 3, resumesAt: NOW + 4_000, detail: "It is gone." });

  expect([breaker.waitMs(NOW), breaker.isProbing]).toEqual([4_000, true]);
});
