import { Timer } from "../base/platform.ts";

/** Messages that wait behind handlers of which none ends for this long, in milliseconds, are given to other workers. */
const STUCK_MS = 50;

/** After this long without work, in milliseconds, credit beyond the concurrency is taken back. */
const IDLE_MS = 100;

/** How much a worker has, and may be sent. */
interface WorkerLoad {
  running: number;
  waiting: number;
  /** How many more messages may be pushed to it. */
  credit: number;
}

/** Notices when a worker has, or would be sent, more than it can begin with soon. */
export class SurplusWatch {
  readonly #concurrency: () => number;
  readonly #noticed: () => void;
  #timer: Timer | undefined;

  /**
   * @param concurrency how many handlers can run at the same time, now
   * @param noticed called each time that there is a surplus
   */
  constructor(concurrency: () => number, noticed: () => void) {
    this.#concurrency = concurrency;
    this.#noticed = noticed;
  }

  check({ running, waiting, credit }: WorkerLoad): void {
    const concurrency = this.#concurrency();
    const isStuck = running >= concurrency && waiting + credit > 0;
    const isIdle = running + waiting === 0 && credit > concurrency;
    if (!isStuck && !isIdle) this.clear();
    else this.#timer ??= new Timer(isStuck ? STUCK_MS : IDLE_MS, () => this.#notice(), { holds: false });
  }

  /** Ends the watch: call it when a handler has ended, or when there is no work any more. */
  clear(): void {
    this.#timer?.clear();
    this.#timer = undefined;
  }

  #notice(): void {
    this.clear();
    this.#noticed();
  }
}
