import { vi } from "vitest";
import type { Queue } from "../../worker-client/src/index.ts";
import type { TestServer } from "./server.ts";

const FAKED = ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance", "Date"] as const;

/** A turn of this process's event loop, in which what has arrived is read. */
function turn(): Promise<void> {
  return new Promise((settle) => setImmediate(settle));
}

/**
 * The time of the clients in this process, which a test moves: their clocks and their timers. What a test does not move
 * goes on at its own pace, so that everything else is as it always is. It is the time of all tests in a file: those that
 * use it must not run at the same time as others.
 */
export const clientTime = {
  /** To be called as a test begins. */
  take(): void {
    vi.useFakeTimers({ toFake: [...FAKED], shouldAdvanceTime: true });
  },

  /** To be called as it ends. */
  giveBack(): void {
    vi.useRealTimers();
  },

  /** Lets time pass. What comes of it is not waited for, but what has arrived is read before and afterwards. */
  async pass(seconds: number): Promise<void> {
    await turn();
    await vi.advanceTimersByTimeAsync(seconds * 1_000);
    await turn();
  },

  /**
   * Makes a call that waits for so long, and lets that pass once it was sent. A client waits for an answer only a moment
   * longer than the call: its time stands still meanwhile, so that a busy machine may take its own.
   *
   * @returns what the call ended with
   */
  async waited<Value>(seconds: number, call: () => Promise<Value>): Promise<PromiseSettledResult<Value>> {
    vi.useFakeTimers({ toFake: [...FAKED] });
    try {
      const ended = Promise.allSettled([call()]);
      await clientTime.pass(seconds);
      return (await ended)[0];
    } finally {
      vi.useRealTimers();
    }
  },

  /**
   * Lets time pass for the clients and for a queue alike, in steps: what clients say in a step, the queue hears before
   * its own time goes on.
   *
   * @param stepSeconds much less than any of both may be late
   */
  async passWith(server: TestServer, queue: Pick<Queue, "name" | "describe">, seconds: number, stepSeconds = 2) {
    for (let passed = 0; passed < seconds; passed += stepSeconds) {
      await clientTime.pass(stepSeconds);
      await queue.describe();
      await server.pass(stepSeconds, queue.name);
    }
  },
};
