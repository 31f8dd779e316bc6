import { Timer } from "../base/platform.ts";

/** What waits behind handlers of which none ends for so long is given to other workers. */
const STUCK_MS = 50;

/** After so long without work, no more is expected at once than can be worked on at once. */
const IDLE_MS = 100;

/** How a worker stands. */
interface WorkerLoad {
  running: number;
  waiting: number;
  /** How many more messages may be pushed to it. */
  credit: number;
}

/** Notices when a worker has, or would be sent, what it cannot begin with soon and another could. */
export class SurplusWatch {
  readonly #concurrency: number;
  readonly #noticed: () => void;
  #timer: Timer | undefined;

  /** @param noticed is called once each time */
  constructor(concurrency: number, noticed: () => void) {
    this.#concurrency = concurrency;
    this.#noticed = noticed;
  }

  check({ running, waiting, credit }: WorkerLoad): void {
    const isStuck = running >= this.#concurrency && waiting + credit > 0;
    const isIdle = running + waiting === 0 && credit > this.#concurrency;
    if (!isStuck && !isIdle) this.clear();
    else this.#timer ??= new Timer(isStuck ? STUCK_MS : IDLE_MS, () => this.#notice(), { holds: false });
  }

  /** To be called when a handler has ended, and when nothing is to be noticed any more. */
  clear(): void {
    this.#timer?.clear();
    this.#timer = undefined;
  }

  #notice(): void {
    this.clear();
    this.#noticed();
  }
}
