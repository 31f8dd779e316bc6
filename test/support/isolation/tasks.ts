/** Tasks that run in threads and processes. The queue is named by the address of the module. */
import { appendFileSync, closeSync } from "node:fs";
import { isMainThread, threadId } from "node:worker_threads";
import { defineTasks, task } from "../../../worker-client/src/tasks/index.ts";

/** Blocks the event loop. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** Waits for ever, without a timer that would hold the process. */
function forever(): Promise<never> {
  return new Promise(() => undefined);
}

/** What runs the handler, as a number: of the process, or of the thread. */
function here(): number {
  return isMainThread ? process.pid : threadId;
}

const circular: { self?: unknown } = {};
circular.self = circular;

/** What handlers throw and return that has no JSON form. */
const ODD = {
  bigint: () => 1n,
  circular: () => circular,
  function: () => () => undefined,
  throwsNull: () => {
    throw null;
  },
  throwsCircular: () => {
    const error = new Error("It went round.");
    error.cause = error;
    throw error;
  },
  throwsGetter: () => {
    throw Object.defineProperty({}, "message", {
      get: () => {
        throw new Error("No message.");
      },
    });
  },
};

const ONCE = { maxAttempts: 2, retryDelaySeconds: 0 };

/** The same tasks for any queue. */
export function tasksOf(queue: string) {
  return defineTasks(
    queue,
    {
      square: task({ run: (n: number) => n * n }),
      echo: task({ run: (value: unknown) => value }),
      here: task({ run: () => here() }),
      hereAfter: task({
        run: (ms: number) => {
          block(ms);
          return here();
        },
      }),
      block: task({
        run: (ms: number, { attempt }) => {
          block(ms);
          return attempt;
        },
      }),
      /** Blocks, after it has written into a file that it has begun. */
      note: task({
        run: ({ file, ms }: { file: string; ms: number }, { id, attempt }) => {
          appendFileSync(file, `${id}\n`);
          if (ms > 0) block(ms);
          return attempt;
        },
      }),
      /** Throws, or returns, what cannot be sent as it is. */
      odd: task({ run: (kind: keyof typeof ODD) => ODD[kind](), maxAttempts: 1 }),
      hang: task({ run: forever, ...ONCE }),
      untilAborted: task({
        run: (_: null, { signal }) =>
          new Promise<never>((_settle, fail) => signal.addEventListener("abort", () => fail(signal.reason))),
        ...ONCE,
      }),
      timeLimited: task({ run: () => block(60_000), timeoutSeconds: 0.2, maxAttempts: 1 }),
      fail: task({
        run: () => {
          throw Object.assign(new RangeError("It is out of range."), { code: "ERR_RANGE" });
        },
        maxAttempts: 1,
      }),
      kill: task({ run: () => process.kill(process.pid, "SIGKILL"), ...ONCE }),
      exit: task({ run: () => process.exit(3), ...ONCE }),
      exitOnce: task({
        run: (_: null, { attempt }) => {
          if (attempt === 1) process.exit(3);
          return attempt;
        },
        ...ONCE,
      }),
      closeChannel: task({
        run: () => {
          closeSync((process.channel as unknown as { fd: number }).fd);
          return forever();
        },
        ...ONCE,
      }),
      throwLater: task({
        run: () => {
          setImmediate(() => {
            throw new Error("It was thrown later.");
          });
          return forever();
        },
        ...ONCE,
      }),
      rejectLater: task({
        run: () => {
          void Promise.reject(new Error("It was not awaited."));
          return forever();
        },
        ...ONCE,
      }),
      fillMemory: task({
        run: () => {
          // Little by little: V8 can end a thread at its limit only between two steps, and what passes it at once ends the program.
          for (let held: object = {}; ; ) held = { held };
        },
        ...ONCE,
      }),
      report: task({
        run: async (_: null, { progress, log, message }) => {
          progress({ percent: 50 });
          log.warn("half of it", { percent: 50 }, 5n);
          return { isExtended: await message.extend(60), isAcked: await message.ack({ result: "by the call" }) };
        },
      }),
      long: task({
        run: (_: null, { progress }) => {
          for (const percent of [10, 20, 30]) progress({ percent });
          return forever();
        },
      }),
      refused: task({
        run: async (_: null, { message }) =>
          message.extend(-1).catch((error: Error) => `${error.name}: ${error.message}`),
      }),
    },
    { module: `${import.meta.url}?queue=${queue}` },
  );
}

export default tasksOf(new URL(import.meta.url).searchParams.get("queue") ?? "isolated");
