import type { LeasedMessages } from "./leased-messages.ts";
import type { MessageSource } from "./message-source.ts";
import type { Pausing } from "./pausing.ts";
import type { Prefetch } from "./prefetch.ts";
import type { Settlements } from "./settlements.ts";
import { SurplusWatch } from "./surplus-watch.ts";
import type { Work } from "./work.ts";

/** The parts of a worker that decide how much it may have. */
interface RoomContext {
  work: Work;
  /** How many handlers can run at the same time, unless the work says it. */
  concurrency: number;
  pausing: Pausing;
  prefetch: Prefetch;
  leased: LeasedMessages;
  settlements: Settlements;
  source: () => MessageSource;
  /** Called when messages were given back because others can begin with them sooner. */
  changed: () => void;
}

/** How many messages a worker may have: by how many handlers can run now, and by how long they take. */
export class Room {
  readonly #context: RoomContext;
  readonly #surplusWatch: SurplusWatch;

  constructor(context: RoomContext) {
    this.#context = context;
    this.#surplusWatch = new SurplusWatch(
      () => this.handlersMax,
      () => this.#giveAway(),
    );
  }

  /** How many handlers can run at the same time, now. */
  get handlersMax(): number {
    const { work, concurrency, pausing } = this.#context;
    return pausing.isPaused ? 0 : (work.capacity ?? concurrency);
  }

  /** How many messages there may be. */
  get capacity(): number {
    return this.handlersMax + this.#context.prefetch.size;
  }

  /** How many more there may be: 1 if handlers block the event loop, as what comes meanwhile cannot be given back. */
  get left(): number {
    const { leased, prefetch } = this.#context;
    const left = this.capacity - leased.size;
    return prefetch.isBlocking ? Math.min(left, leased.waiting === 0 ? 1 : 0) : left;
  }

  /** With how many more handlers would begin: 1 if they may block the event loop. */
  get slots(): number {
    const { leased, prefetch } = this.#context;
    const free = this.handlersMax - leased.size;
    if (!prefetch.mayBlock) return free;
    return leased.waiting === 0 ? Math.min(1, free) : 0;
  }

  /** There may be less room: gives back what waits beyond it, and lets no more come than there is room for. */
  shrink(): void {
    const { leased, settlements } = this.#context;
    const source = this.#context.source();
    const surplus = leased.size - this.capacity;
    if (surplus > 0) settlements.release(leased.takeLast(surplus));
    if (source.expected > Math.max(0, this.left)) source.withdraw();
  }

  /** Messages have come that may have been asked for when there was more room. */
  arrived(): void {
    const isShrinking = this.#context.work.capacity !== undefined && this.#context.source().isWithdrawing;
    if (isShrinking || this.handlersMax === 0) this.shrink();
  }

  /** Watches for messages that wait behind long handlers, and for credit beyond what is worked on. */
  watch(): void {
    const { prefetch, leased } = this.#context;
    const { running, waiting } = leased;
    if (!prefetch.isAdaptive) this.unwatch();
    else this.#surplusWatch.check({ running: running.size, waiting, credit: this.#context.source().credit });
  }

  /** Ends the watch: a handler has ended, or the worker ends. */
  unwatch(): void {
    this.#surplusWatch.clear();
  }

  /** Such messages, and such credit, go to other workers. */
  #giveAway(): void {
    const { prefetch, settlements, leased, changed } = this.#context;
    prefetch.reset();
    settlements.release(leased.takeWaiting());
    this.#context.source().withdraw();
    changed();
  }
}
