/** Queues in the memory of the process, in virtual time: what a queue does is no different there. */
import { describe } from "vitest";
import { MemoryManager } from "../../worker-client/memory/index.ts";
import { behaviours } from "./behaviours.ts";
import { clientDriver } from "./drivers/client-driver.ts";
import type { Driver, Level } from "./drivers/driver.ts";

/** How long a call waits by the machine before the time passes for which it waits. */
const PATIENCE_MS = 50;

class MemoryLevel implements Level {
  readonly #memory = new MemoryManager({ time: "virtual" });
  #names = 0;

  queue(): Driver {
    this.#names += 1;
    const driver = clientDriver(this.#memory.queue<unknown>(`memory${this.#names}`));
    return {
      ...driver,
      put: (messages, options = {}) => this.#during(options.timeoutSeconds, driver.put(messages, options)),
      receive: (request = {}) => this.#during(request.timeoutSeconds, driver.receive(request)),
      join: (timeoutSeconds = 0) => this.#during(timeoutSeconds, driver.join(timeoutSeconds)),
    };
  }

  pass(seconds: number): Promise<void> {
    return this.#memory.advance(seconds);
  }

  /** Calls of one turn of the event loop are sent at its end. */
  async arrival(): Promise<void> {
    for (let turn = 0; turn < 2; turn += 1) await new Promise((resume) => setImmediate(resume));
  }

  /** Seconds since 1970. */
  get now(): number {
    return this.#memory.now.getTime() / 1_000;
  }

  /** Nothing else moves the clock while a call waits, so the wait lasts as long as the call asked for. */
  async #during<Value>(seconds = 0, call: Promise<Value>): Promise<Value> {
    const timer = setTimeout(() => void this.pass(seconds), PATIENCE_MS);
    try {
      return await call;
    } finally {
      clearTimeout(timer);
    }
  }
}

const level = new MemoryLevel();
describe("the memory of a process", () => behaviours(level, () => level.now));
