/** A thread or process that has died is told as the event `crashed`. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { afterEach, expect, test, vi } from "vitest";
import { MemoryManager } from "../../../worker-client/memory/index.ts";
import type { Crash, LogDetails, WorkOptions } from "../../../worker-client/src/index.ts";
import type { Work } from "../../../worker-client/src/workers/work.ts";

const memory = new MemoryManager();
afterEach(() => vi.restoreAllMocks());

const CRASH: Crash = { kind: "process", id: 4711, reason: "was ended by SIGKILL", restartSeconds: 0.5 };
const TEXT = "Process 4711 was ended by SIGKILL. Another one begins in 0.5 seconds.";

/** A worker, and what makes it tell of a crash. */
function crashing(options: WorkOptions) {
  let crashed = (_: Crash) => {};
  const work: Work = {
    handler: () => undefined,
    start: (events) => {
      crashed = events.crashed;
    },
  };
  const worker = memory.queue("images").startWork(() => work, options);
  return { worker, crash: (crash = CRASH) => crashed(crash) };
}

test("a crash is told to listeners and counted", () => {
  const { worker, crash } = crashing({});
  const told: Crash[] = [];
  worker.on("crashed", (event) => told.push(event));
  expect(worker.crashes).toBe(0);

  crash();
  crash();

  expect([worker.crashes, told]).toEqual([2, [CRASH, CRASH]]);
});

test("a crash is printed in a line unless something takes it", () => {
  const printed = vi.spyOn(console, "error").mockReturnValue();
  const { worker, crash } = crashing({});

  crash();
  worker.on("crashed", () => undefined);
  crash();

  expect(printed.mock.calls).toEqual([["durable-queue: images: process_died:", TEXT]]);
});

test("onError gets an error with a code", () => {
  const errors: unknown[] = [];
  const { crash } = crashing({ onError: (error) => errors.push(error) });

  crash();
  crash({ kind: "thread", id: 3, reason: "ended with status 1", restartSeconds: 1 });
  crash({ kind: "thread", id: 3, reason: "ended with status 1", restartSeconds: undefined });

  expect(errors).toMatchObject([
    { code: "process_died", queue: "images", message: TEXT },
    { code: "process_died", message: "Thread 3 ended with status 1. Another one begins in 1 second." },
    { code: "process_died", message: "Thread 3 ended with status 1. No other one begins: the worker ends." },
  ]);
});

test("a logger gets a line with what ended", () => {
  const lines: [text: string, details: LogDetails][] = [];
  const error = (text: string, details: LogDetails) => void lines.push([text, details]);
  const { crash } = crashing({ logger: { ...console, error } });

  crash();

  expect(lines).toEqual([[`durable-queue: images: process_died: ${TEXT}`, { queue: "images", crash: CRASH }]]);
});

test("a crash is published on a channel for diagnostics", () => {
  const heard: unknown[] = [];
  const hear = (message: unknown) => void heard.push(message);
  subscribe("durable-queue:crashed", hear);
  const { crash } = crashing({ onError: () => undefined });

  crash();

  expect(heard).toEqual([{ queue: "images", ...CRASH }]);
  unsubscribe("durable-queue:crashed", hear);
});

test("a listener of crashes that throws is an error of the worker", () => {
  const errors: unknown[] = [];
  const { worker, crash } = crashing({ onError: () => undefined });
  worker.on("error", (event) => errors.push(event));
  worker.on("crashed", () => {
    throw new Error("no pager");
  });

  crash();

  expect(errors).toEqual([{ error: new Error("no pager"), message: undefined }]);
});
