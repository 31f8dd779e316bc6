import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { type Waiter, WaitQueue } from "../../src/queue/wait-queue.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

test("those who wait are served in order of arrival", () => {
  const line = new WaitQueue<string>();
  for (const name of ["a", "b", "c"]) line.add(name, 100);

  expect([line.shift(), line.shift(), line.shift(), line.shift()]).toEqual(["a", "b", "c", undefined]);
});

test("whoever is dismissed is not served, and whoever is served is not dismissed", () => {
  const line = new WaitQueue<string>();
  for (const [name, deadline] of [
    ["a", 30],
    ["b", 10],
    ["c", 20],
  ] as const)
    line.add(name, deadline);

  expect(line.expire(10)).toEqual(["b"]);
  expect(line.shift()).toBe("a");
  expect(line.nextDeadline).toBe(20);
  expect(line.expire(100)).toEqual(["c"]);
  expect(line.isEmpty).toBe(true);
});

test("whoever waits without a deadline is dismissed with all others, not before", () => {
  const line = new WaitQueue<string>();
  line.add("a", Number.POSITIVE_INFINITY);
  line.add("b", 10);
  line.setDeadline(line.add("c", 20), Number.POSITIVE_INFINITY);

  expect(line.expire(1_000_000)).toEqual(["b"]);
  expect(line.nextDeadline).toBe(Number.POSITIVE_INFINITY);
  expect(line.takeAll()).toEqual(["a", "c"]);
  expect(line.isEmpty).toBe(true);
});

test("when many in the middle have left, all others keep their places", () => {
  const line = new WaitQueue<number>();
  for (let number = 0; number < 5_000; number += 1) line.add(number, Number.POSITIVE_INFINITY);
  for (let served = 0; served < 300; served += 1) line.shift();

  expect(line.takeWhere((number) => number >= 500).length).toBe(4_500);
  line.add(5_000, Number.POSITIVE_INFINITY);

  expect([line.size, line.shift()]).toEqual([201, 300]);
  expect(line.takeAll()).toEqual([...Array.from({ length: 199 }, (_, index) => 301 + index), 5_000]);
});

test("a deadline can be moved both ways, and the place in the wait queue stays", () => {
  const line = new WaitQueue<string>();
  const a = line.add("a", 10);
  line.add("b", 20);

  line.setDeadline(a, 30);
  expect(line.expire(15)).toEqual([]);
  expect(line.expire(25)).toEqual(["b"]);
  line.setDeadline(a, 5);

  expect(line.nextDeadline).toBe(5);
  expect(line.shift()).toBe("a");
});

test("nobody who has left is kept in memory, whatever their deadline", async () => {
  const line = new WaitQueue<object>();
  const references: WeakRef<object>[] = [];
  const add = (deadline: number): void => {
    const request = { body: "x".repeat(1_000) };
    references.push(new WeakRef(request));
    line.add(request, deadline);
  };
  for (let count = 0; count < 50; count += 1) add(1_000_000);
  add(1);

  line.expire(1);
  for (let count = 0; count < 40; count += 1) line.shift();
  await new Promise(setImmediate);
  collectGarbage();

  const isHeld = references.map((reference) => reference.deref() !== undefined);
  expect(isHeld).toEqual([...Array(40).fill(false), ...Array(10).fill(true), false]);
});

test("those who come and go leave nothing behind, though one stays at the head of the line", async () => {
  const line = new WaitQueue<string>();
  line.add("stays", Number.POSITIVE_INFINITY);
  const references: WeakRef<Waiter<string>>[] = [];
  const comeAndGo = (now: number): void => {
    references.push(new WeakRef(line.add("goes", now)));
    line.expire(now);
  };
  for (let now = 0; now < 10_000; now += 1) comeAndGo(now);

  await new Promise(setImmediate);
  collectGarbage();

  expect(references.filter((reference) => reference.deref() !== undefined).length).toBeLessThan(2_000);
  expect(line.shift()).toBe("stays");
});
