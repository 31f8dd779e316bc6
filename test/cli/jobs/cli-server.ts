import { afterAll, beforeAll, expect } from "vitest";
import * as z from "zod";
import { defineTasks, task } from "../../../worker-client/src/tasks/index.ts";
import { freshName, TestServer } from "../../support/server.ts";
import { Gate } from "../../support/workers/workers.ts";
import { environmentFor, type Place, Running } from "../in-process.ts";

/** A server for the tests of a file, and commands that find it. */
export class CliServer {
  readonly server = new TestServer();

  constructor() {
    beforeAll(() => this.server.start());
    afterAll(() => this.server.remove());
  }

  /** A command that goes on until it ends by itself, or is interrupted. */
  start(args: readonly string[], place: Place = {}): Running {
    return new Running(args, { ...place, environment: { ...environmentFor(this.server), ...place.environment } });
  }

  /** Runs a command to its end. */
  run(args: readonly string[], place: Place = {}) {
    return this.start(args, place).outcome;
  }

  /** The queue of some tasks, with a worker that has announced them. */
  async served() {
    const gate = new Gate();
    const registry = defineTasks(freshName(), {
      resize: task({
        input: z.object({ url: z.string(), width: z.number().optional() }),
        run: async ({ url }) => ({ key: url.toUpperCase() }),
      }),
      echo: task({ run: async (input: unknown) => input }),
      fail: task({
        run: (message: string) => {
          throw new TypeError(message);
        },
      }),
      wait: task({
        run: async (_: null, { signal, progress }) => {
          progress(0.25);
          const aborted = new Promise((_, fail) => signal.addEventListener("abort", () => fail(signal.reason)));
          await Promise.race([gate.passed, aborted]);
          return "through";
        },
      }),
    });
    const manager = this.server.manager();
    const queue = manager.queue(registry.queue);
    await queue.configure({ maxAttempts: 1 });
    const worker = manager.work(registry, { concurrency: 10, onError: () => undefined });
    await expect.poll(() => queue.tasks()).toHaveLength(4);
    return { queue, name: registry.queue, client: manager.tasks(registry), gate, worker };
  }
}
