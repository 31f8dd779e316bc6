import type { CancelTimer, MachineClock } from "../machine-clock.ts";
import type { MonotonicClock } from "../queue/base/clock.ts";
import type { Queue } from "../queue/queue.ts";
import { BEGIN_STORED_MS } from "../queue/store/begun-marks.ts";

/** The object wakes itself at multiples of this, because each alarm that is set is a row. */
const ALARM_STEP_MS = 10_000;

/**
 * A wait up to this is cheaper spent in memory, with a timer, than with an alarm. While a timer is set the object stays
 * in memory: what is to be stored in the end must not be forgotten before.
 */
const TIMER_MS = Math.max(1_000, BEGIN_STORED_MS);

/** How soon it is looked again at connections that have something unread: nothing tells of reading. */
const READING_MS_MIN = 5;
const READING_MS_MAX = 100;

/** When the object looks at its queue again although nobody calls: by a timer, or by the alarm. */
export class Wakings {
  readonly #storage: DurableObjectStorage;
  readonly #machineClock: MachineClock;
  readonly #clock: MonotonicClock;
  readonly #wake: () => void;
  #cancelTimer: CancelTimer = () => undefined;
  #readingMs = READING_MS_MIN;
  /** When the alarm is set to; undefined while that has not been read. */
  #alarmAt: number | undefined;

  constructor(storage: DurableObjectStorage, machineClock: MachineClock, clock: MonotonicClock, wake: () => void) {
    this.#storage = storage;
    this.#machineClock = machineClock;
    this.#clock = clock;
    this.#wake = wake;
  }

  async loadAlarm(): Promise<void> {
    this.#alarmAt ??= (await this.#storage.getAlarm()) ?? Number.POSITIVE_INFINITY;
  }

  /** To be told that the alarm has gone off, or was deleted. */
  forgetAlarm(): void {
    this.#alarmAt = Number.POSITIVE_INFINITY;
  }

  /**
   * Sets the alarm where the queue needs one. To be called together with the write of what it is about, so that a crash
   * leaves neither without the other. Answers whether it was set, which is billed as a row.
   */
  planAlarm({ nextWakeAt, nextEventAt, hasDeadline }: Queue, now: number): boolean {
    // The alarm goes by the machine's clock, which may lie behind the queue's.
    const machineTime = (time: number) => this.#machineClock.now() + Math.max(0, time - now);
    const wakeAt = Math.ceil(machineTime(nextWakeAt) / ALARM_STEP_MS) * ALARM_STEP_MS;
    // Where only sockets wait, nothing else would keep the object in memory.
    const isForSockets = !hasDeadline && nextEventAt - now > TIMER_MS;
    const at = Math.min(wakeAt, isForSockets ? machineTime(nextEventAt) : Number.POSITIVE_INFINITY);
    if (at >= (this.#alarmAt ?? Number.POSITIVE_INFINITY)) return false;
    this.#alarmAt = at;
    void this.#storage.setAlarm(at);
    return true;
  }

  /**
   * Wakes the object for those who wait. A pending long-poll keeps it in memory anyway, so a timer that dies with it
   * costs no row, which an alarm would.
   *
   * @param queue undefined for one that cannot be asked
   * @param isForReaders whether there are connections with something unread
   */
  planTimer(queue: Queue | undefined, isForReaders: boolean): void {
    this.#cancelTimer();
    const { nextEventAt = Number.POSITIVE_INFINITY, hasDeadline = false } = queue ?? {};
    const delayMs = Math.max(0, nextEventAt - this.#clock.now(this.#machineClock.now()));
    const isForWaits = delayMs < Number.POSITIVE_INFINITY && (hasDeadline || delayMs <= TIMER_MS);
    this.#readingMs = isForReaders ? Math.min(2 * this.#readingMs, READING_MS_MAX) : READING_MS_MIN;
    const readingMs = isForReaders ? this.#readingMs : Number.POSITIVE_INFINITY;
    const ms = Math.min(isForWaits ? delayMs : Number.POSITIVE_INFINITY, readingMs);
    if (ms === Number.POSITIVE_INFINITY) return;
    this.#cancelTimer = this.#machineClock.after(Math.min(ms, 2 ** 31 - 1), this.#wake);
  }
}
