import type { PushCalls } from "../api/push.ts";
import type { ServerEnv } from "../env.ts";
import type { Configuration } from "../queue/base/configuration.ts";
import type { PushTarget } from "./target.ts";
import { WorkerTarget } from "./worker-target.ts";

/** Finds where the messages of a queue are pushed to. */
export class Targets {
  readonly #worker: WorkerTarget | undefined;

  /** @param ask as in `PushCalls` */
  constructor(queue: string, env: ServerEnv, ask: PushCalls["ask"]) {
    this.#worker = env.mayHaveConsumers ? new WorkerTarget(queue, () => env.CONSUMERS, ask) : undefined;
  }

  /** The same object for as long as the configuration of pushes does not change; undefined for none. */
  of(_configuration: Configuration): PushTarget | undefined {
    return this.#worker;
  }
}
