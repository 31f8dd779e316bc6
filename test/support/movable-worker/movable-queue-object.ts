import type { Env } from "../../../src/env.ts";
import { MovableClock } from "./movable-clock.ts";
import { queues } from "./queues.ts";

/** By how much the clock of each queue is ahead, in milliseconds: it stays so when its object leaves memory. */
const aheadMsByName = new Map<string, number>();

/** A queue's object whose clock a test can move. Each has its own, so that tests do not disturb each other. */
export class MovableQueueObject extends queues.QueueObject {
  readonly #clock: MovableClock;
  /** What the object does beside answering calls: its rounds, and what it sends to other objects. */
  readonly #underWay: Set<Promise<unknown>>;

  constructor(ctx: DurableObjectState, env: Env) {
    const clock = new MovableClock(aheadMsByName.get(ctx.id.name ?? "") ?? 0);
    const underWay = new Set<Promise<unknown>>();
    const waitUntil = ctx.waitUntil.bind(ctx);
    ctx.waitUntil = (promise: Promise<unknown>) => {
      const settled = promise.catch(() => undefined).finally(() => underWay.delete(settled));
      underWay.add(settled);
      waitUntil(promise);
    };
    super(ctx, env, clock);
    this.#clock = clock;
    this.#underWay = underWay;
  }

  /**
   * Lets time pass for this queue: its timers and its alarm go off when they are due, one after the other, each followed
   * by the round that it brings. Ends when all that has been committed and answered, and was sent to other queues. What
   * is due without a timer or an alarm waits for the next call, as it would for an object that sleeps.
   */
  async pass(ms: number): Promise<void> {
    const end = this.#clock.now() + ms;
    for (;;) {
      const alarmAt = (await this.ctx.storage.getAlarm()) ?? Number.POSITIVE_INFINITY;
      const dueAt = Math.min(alarmAt, this.#clock.nextDueAt);
      if (dueAt > end) break;
      this.#moveTo(dueAt);
      if (alarmAt <= dueAt) {
        await this.ctx.storage.deleteAlarm();
        await this.alarm();
      }
      await this.#rest();
    }
    this.#moveTo(end);
    await this.#rest();
  }

  #moveTo(time: number): void {
    this.#clock.moveTo(time);
    aheadMsByName.set(this.ctx.id.name ?? "", this.#clock.aheadMs);
  }

  /** Waits until the object does nothing. */
  async #rest(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }
}
