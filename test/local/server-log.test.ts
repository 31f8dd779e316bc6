/** What of the server's own log reaches the operator. */
import { expect, test } from "vitest";
import { DESCRIPTORS_FEW, descriptorWarning } from "../../src/local/descriptors.ts";
import { LINE_CHARACTERS_MAX, LINES_MAX, LogLimit, reasonIn, WINDOW_MS } from "../../src/local/log-limit.ts";

test("of a flood the first lines are passed on, and the rest is counted when the window is over", () => {
  const limit = new LogLimit();
  const passed: string[] = [];

  for (let n = 0; n < LINES_MAX + 7; n += 1) passed.push(...limit.take(`line ${n}`, 5_000 + n));

  expect(passed).toHaveLength(LINES_MAX);
  expect(limit.isBehind).toBe(true);
  expect(limit.endWindow(5_000 + WINDOW_MS - 1)).toEqual([]);
  expect(limit.endWindow(5_000 + WINDOW_MS)).toEqual(["7 more lines were left out"]);
  expect(limit.take("next", 5_000 + WINDOW_MS)).toEqual(["next"]);
});

test("the count comes before the first line of the next window, and at the end of the log", () => {
  const limit = new LogLimit();
  for (let n = 0; n < LINES_MAX + 1; n += 1) limit.take("line", 0);

  expect(limit.take("next", WINDOW_MS)).toEqual(["1 more lines were left out", "next"]);
  for (let n = 0; n < LINES_MAX; n += 1) limit.take("line", WINDOW_MS);
  expect(limit.endWindow(Number.POSITIVE_INFINITY)).toEqual(["1 more lines were left out"]);
});

test("lines that come slowly are all passed on", () => {
  const limit = new LogLimit();

  const passed = Array.from({ length: 10 * LINES_MAX }, (_, n) => limit.take(`${n}`, (n * WINDOW_MS) / LINES_MAX));

  expect(passed.flat()).toHaveLength(10 * LINES_MAX);
});

test("a line that is too long is cut, with a note", () => {
  const [line] = new LogLimit().take("x".repeat(LINE_CHARACTERS_MAX + 5), 0);

  expect(line).toBe(`${"x".repeat(LINE_CHARACTERS_MAX)}… (5 more characters)`);
});

test("the reason of an end is the last line that is not a trace", () => {
  const heap = [
    "workerd/jsg/setup.c++:44: fatal: V8 fatal error; location = Reached heap limit",
    "stack: /bin/workerd@3c63c30",
    "*** Received signal #6: Aborted",
    "stack: /bin/workerd@3c63c30 /bin/workerd@68538f0",
  ];
  const accept = ["*** Uncaught exception ***", "a/b/entry.rs:143: overloaded: accept(): Too many open files", ""];
  const trace = [
    "why; sentryErrorContext = x",
    "stack: /bin/workerd@3c63c30 /bin/workerd@68538f0",
    "    at async x (y:1)",
  ];

  expect(reasonIn(heap)).toBe("fatal: V8 fatal error; location = Reached heap limit");
  expect(reasonIn(accept)).toBe("overloaded: accept(): Too many open files");
  expect(reasonIn(trace)).toBe("why");
  expect(reasonIn([`${"y".repeat(300)}`])).toBe(`${"y".repeat(200)}…`);
  expect(reasonIn(["", "stack: x"])).toBe("");
});

test("a low limit of open files is reported with what it is enough for, one that is not low is not", () => {
  expect(descriptorWarning(DESCRIPTORS_FEW)).toBeUndefined();
  expect(descriptorWarning(Number.POSITIVE_INFINITY)).toBeUndefined();
  expect(descriptorWarning(1_024)).toContain("is 1024 (ulimit -Hn): about 331 queues in use or 497 connections");
});
