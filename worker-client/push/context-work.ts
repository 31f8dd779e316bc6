/** What the handler's last parameter has, whichever runtime it is in. */
export interface CallContext {
  waitUntil(promise: Promise<unknown>): void;
}

/**
 * The context of a handler, and what the handler gives to its `waitUntil`. A batch is not answered before that has ended, as
 * with Cloudflare Queues: calls that come from it count, and what fails in it fails the batch.
 */
export class ContextWork<Context extends CallContext> {
  /** As the runtime has it, but for `waitUntil`, which notes what it is given. */
  readonly ctx: Context;
  #underWay: Promise<unknown>[] = [];

  constructor(ctx: Context) {
    const waitUntil = (promise: Promise<unknown>): void => {
      this.#underWay.push(promise);
      // What fails is told with the batch.
      ctx.waitUntil(Promise.allSettled([promise]));
    };
    this.ctx = new Proxy(ctx, {
      get(target, name) {
        if (name === "waitUntil") return waitUntil;
        const value: unknown = Reflect.get(target, name, target);
        // Methods of the runtime want the object of the runtime.
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  }

  /**
   * Waits for all that was given, and for what is given meanwhile.
   *
   * @throws what the first of it rejected with, when all of it has ended
   */
  async ended(): Promise<void> {
    const failures: unknown[] = [];
    while (this.#underWay.length > 0) {
      const outcomes = await Promise.allSettled(this.#underWay.splice(0));
      for (const outcome of outcomes) if (outcome.status === "rejected") failures.push(outcome.reason);
    }
    if (failures.length > 0) throw failures[0];
  }
}
