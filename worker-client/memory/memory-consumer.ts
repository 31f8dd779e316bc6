import type { PushBatch, PushCalls } from "../../src/api/push.ts";
import type { Reply } from "../../src/api/reply.ts";
import { Pump } from "../../src/push/pump.ts";
import type { Delivered, PushTarget } from "../../src/push/target.ts";
import { type ConsumerSet, Consumers } from "../push/consumer.ts";
import { Timer } from "../src/base/platform.ts";
import type { MemoryQueue } from "./memory-queue.ts";
import type { MemoryServer } from "./memory-server.ts";

/** A consumer to which a queue in memory pushes its messages. */
export class MemoryConsumer<Env = unknown> implements AsyncDisposable {
  readonly kind = "worker";
  readonly #server: MemoryServer;
  readonly #queue: MemoryQueue;
  readonly #consumers: Consumers<Env, { waitUntil(promise: Promise<unknown>): void }>;
  readonly #env: Env;
  readonly #pump: Pump;
  readonly #held = new Set<string>();
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #over: () => void;
  #isLooking = false;
  #isClosed = false;

  /**
   * @internal Made by `MemoryManager.consume`.
   * @param over is called when it is closed
   */
  constructor(
    server: MemoryServer,
    queue: MemoryQueue,
    consumer: ConsumerSet<Env>[string],
    env: Env,
    over: () => void,
  ) {
    this.#server = server;
    this.#queue = queue;
    this.#consumers = new Consumers({ [queue.name]: consumer });
    this.#env = env;
    this.#over = over;
    this.#pump = new Pump(
      {
        name: queue.name,
        storageBytes: 0,
        targetOf: () => (this.#isClosed ? undefined : this),
        // Nothing is answered before the pump knows the ids.
        submit: (commands) =>
          commands.map(({ command, answer }) => {
            const id = queue.take(command, server.now, (result) =>
              queueMicrotask(() => answer(id, result, queue.info)),
            );
            return id;
          }),
        keepAlive: (work) => this.#await(work),
        log: (message) => console.error(`queue ${queue.name}: push_failed: ${message}`),
      },
      { now: () => server.now, after },
    );
  }

  get queue(): string {
    return this.#queue.name;
  }

  /** @internal The receipts of the messages that are handled. */
  get held(): ReadonlySet<string> {
    return this.#held;
  }

  /** @internal To be called when something has changed in the queue. */
  changed(lost: readonly string[]): void {
    this.#pump.tellLost(lost);
    if (this.#isLooking) return;
    this.#isLooking = true;
    queueMicrotask(() => {
      this.#isLooking = false;
      this.#pump.look(this.#queue);
    });
  }

  /** @internal */
  settings(): ReturnType<PushTarget["settings"]> {
    return Promise.resolve(this.#consumers.settingsOf(this.queue));
  }

  /** @internal */
  async deliver(batch: PushBatch, lost: PushCalls["lost"]): Promise<Delivered> {
    for (const receipt of batch.receipts) this.#held.add(receipt);
    const ask = (verb: string, request: unknown): Promise<Reply> =>
      this.#server.ask(this.queue, { verb: verb as "extend", request });
    const ctx = { waitUntil: (promise: Promise<unknown>) => this.#await(promise) };
    try {
      const { verdicts } = await this.#consumers.deliver(batch, { ask, lost }, this.#env, ctx);
      return { verdicts };
    } finally {
      for (const receipt of batch.receipts) this.#held.delete(receipt);
    }
  }

  /** Takes nothing more, and waits for the batches that are handled, and for what their handlers gave to `waitUntil`. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.changed([]);
    await Promise.resolve();
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
    this.#over();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #await(work: Promise<unknown>): void {
    const settled = work.then(
      () => undefined,
      (error: unknown) => console.error(`queue ${this.queue}: a batch could not be handled.`, error),
    );
    const ended: Promise<unknown> = settled.finally(() => this.#underWay.delete(ended));
    this.#underWay.add(ended);
  }
}

/** Real time also where that of the queues is virtual: what is timed is the handler. */
function after(ms: number, callback: () => void): () => void {
  const timer = new Timer(ms, callback, { holds: false });
  return () => timer.clear();
}
