import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Progress, ProgressLine } from "../../../worker-client/cli/bulk/progress.ts";
import { Backoff } from "../../../worker-client/src/isolation/backoff.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** What a line of progress writes in ten seconds, to a stream of this kind. */
function written(kind: { isTTY: boolean; columns?: number }, progress: Progress): string[] {
  const texts: string[] = [];
  const stream = { ...kind, write: (text: string) => texts.push(text) > 0, once: () => undefined };
  const line = new ProgressLine(stream, "messages put", () => progress);
  vi.advanceTimersByTime(10_000);
  line.end();
  vi.advanceTimersByTime(10_000);
  return texts;
}

test("a terminal shows the part that is done, how many, how fast and how long it takes, and nothing after the end", () => {
  const texts = written({ isTTY: true, columns: 80 }, { count: 250_000, part: 0.25 });

  expect(texts).toHaveLength(101);
  expect(texts.at(-2)).toBe("\r\u001b[K#####...............  25 % 250,000 messages put, 25,000/s, 30 s left");
  expect(texts.at(-1)).toBe("\r\u001b[K");
});

test("without a known end there is no bar, and a narrow terminal has the line cut", () => {
  expect(written({ isTTY: true }, { count: 1_000, part: undefined }).at(-2)).toBe(
    "\r\u001b[K1,000 messages put, 100/s",
  );
  expect(written({ isTTY: true, columns: 20 }, { count: 1_000, part: undefined }).at(-2)).toBe(
    "\r\u001b[K1,000 messages put…",
  );
});

test("what is no terminal is not written to", () => {
  expect(written({ isTTY: false }, { count: 1, part: 0.5 })).toEqual([]);
});

test("a process that dies at once is started later each time, up to 30 seconds, and soon again after it lived", () => {
  const backoff = new Backoff();

  expect(Array.from({ length: 8 }, () => backoff.next(10))).toEqual([
    ...[500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000],
  ]);
  expect(backoff.next(60_000)).toBe(500);
});
