import type { CancelTimer, MachineClock } from "../machine-clock.ts";
import type { Submit } from "../push/settlements.ts";
import type { MonotonicClock } from "../queue/base/clock.ts";
import type { Result } from "../queue/base/commands.ts";
import type { Queue } from "../queue/queue.ts";
import { BEGIN_STORED_MS } from "../queue/store/begun-marks.ts";

/** Alarms are set to multiples of this, in milliseconds, because each alarm that is set is billed as a row. */
const ALARM_STEP_MS = 10_000;

/** Between two alarms of a queue that this build cannot use, in milliseconds: each is billed as a row, and loads the queue. */
const POSTPONED_MS = 3_600_000;

/**
 * A wait up to this, in milliseconds, is cheaper with a timer than with an alarm. While a timer is set the object stays in
 * memory, so that begin marks which are not stored yet are not forgotten.
 */
const TIMER_MS = Math.max(1_000, BEGIN_STORED_MS);

/** How often connections with something unread are checked, in milliseconds: there is no event for reading. */
const READING_MS_MIN = 5;
const READING_MS_MAX = 100;

/** Wakes the commit loop when time alone changes the queue: by a timer, or by the alarm. */
export class Wakings {
  readonly #storage: DurableObjectStorage;
  readonly #machineClock: MachineClock;
  readonly #clock: MonotonicClock;
  readonly #wake: () => void;
  #cancelTimer: CancelTimer = () => undefined;
  #readingMs = READING_MS_MIN;
  /** The time of the alarm, in milliseconds by the machine's clock; undefined until it was read. */
  #alarmAt: number | undefined;

  constructor(storage: DurableObjectStorage, machineClock: MachineClock, clock: MonotonicClock, wake: () => void) {
    this.#storage = storage;
    this.#machineClock = machineClock;
    this.#clock = clock;
    this.#wake = wake;
  }

  /** Reads the time of the alarm, once. */
  async loadAlarm(): Promise<void> {
    this.#alarmAt ??= (await this.#storage.getAlarm()) ?? Number.POSITIVE_INFINITY;
  }

  /** Notes that the alarm has gone off, or was deleted. */
  forgetAlarm(): void {
    this.#alarmAt = Number.POSITIVE_INFINITY;
  }

  /**
   * To be called when the alarm has gone off: a commit batch follows, which advances the time and sets the next. The alarm of
   * a queue in which nothing may be written before another build or configuration is deployed is kept: by then messages may
   * be due in it, and perhaps no client calls it.
   */
  async alarm(submit: Submit): Promise<void> {
    const result = await new Promise<Result>((resolve) => {
      submit([{ command: { verb: "describe" }, answer: (_, answer) => resolve(answer) }]);
    });
    const isUnusable = result.verb === "refused" && (result.code === "newer_data" || result.code === "misconfigured");
    if (!isUnusable) return;
    this.#alarmAt = this.#machineClock.now() + POSTPONED_MS;
    void this.#storage.setAlarm(this.#alarmAt);
  }

  /**
   * Sets the alarm if the queue needs one. To be called together with the write of the rows that need it, so that a crash
   * leaves neither without the other. Returns whether it was set, which is billed as a row.
   *
   * @param others further times by the machine's clock, in milliseconds: when the key of a connection ends, and when the
   * counts are to be reported
   */
  planAlarm(
    { exists, nextWakeAt, nextEventAt, hasDeadline }: Queue,
    now: number,
    { keyEndAt, reportAt }: { keyEndAt: number; reportAt: number },
  ): boolean {
    // The alarm follows the machine's clock, which may be behind the queue's.
    const machineTime = (time: number) => this.#machineClock.now() + Math.max(0, time - now);
    const wakeAt = Math.ceil(machineTime(nextWakeAt) / ALARM_STEP_MS) * ALARM_STEP_MS;
    // If only sockets wait, nothing else keeps the object in memory.
    const isForSockets = !hasDeadline && nextEventAt - now > TIMER_MS;
    const eventAt = isForSockets ? machineTime(nextEventAt) : Number.POSITIVE_INFINITY;
    // Of a queue that does not exist nothing is stored: such a connection is closed at its next event.
    const setAt = this.#alarmAt ?? Number.POSITIVE_INFINITY;
    const neededAt = Math.min(wakeAt, eventAt, exists ? keyEndAt : Number.POSITIVE_INFINITY);
    // An alarm that comes a little later anyway does for the report too.
    const isForReport = exists && reportAt + ALARM_STEP_MS < Math.min(neededAt, setAt);
    const at = isForReport ? reportAt : neededAt;
    if (at >= setAt) return false;
    this.#alarmAt = at;
    void this.#storage.setAlarm(at);
    return true;
  }

  /**
   * Sets a timer for commands that wait. A long-poll that waits keeps the object in memory anyway, so the timer cannot be
   * lost, and costs no row as an alarm would.
   *
   * @param queue undefined if the queue cannot be served
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
