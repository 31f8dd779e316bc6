import { type CountsReport, type DirectoryCalls, REPORT_MS } from "../api/directory-calls.ts";
import { COUNT_NAMES, STATE_NAMES } from "../contract/states.ts";
import { directoryOf, type Env } from "../env.ts";
import type { MachineClock } from "../machine-clock.ts";
import type { Queue } from "../queue/queue.ts";
import { refusalOfNewerDirectory } from "./newer-data.ts";
import { isOfAnotherVersion } from "./out-of-reach.ts";

/** The directory is told again after this that a queue is stored, if a call failed; in milliseconds. */
const CONFIRM_AGAIN_MS = 1_000;

/** After failures the counts of a queue that is not used are reported again after this at most, in milliseconds. */
const REPORT_AGAIN_MS_MAX = 3_600_000;

/**
 * What the directory is told of one queue that exists: that it is stored, and its counts. No command waits for that, and
 * none fails by it.
 *
 * The first commit after a report plans the next, `REPORT_MS` later, and the alarm for it is set together with the rows of
 * that commit: so a queue in use reports once in that time, one that is not used has reported its last change, and the
 * object can leave memory, or end, meanwhile.
 */
export class DirectoryReports {
  readonly #ctx: DurableObjectState;
  readonly #env: Env;
  readonly #name: string;
  readonly #clock: MachineClock;
  readonly #wake: () => void;
  /** That of the queue as it was last committed; undefined after a deletion. */
  #generation: string | undefined;
  #isConfirmed = false;
  #confirmAt = 0;
  /** Whether this object has entered the queue and not confirmed it: the first counts go with that. */
  #isEntered = false;
  /** Whether the alarm may have been set for a report by an object before this one. */
  #isPlannedBefore = false;
  #reportAt = Number.POSITIVE_INFINITY;
  /** Whether the counts are to be reported when all writes are durable. */
  #isReportDue = false;
  #isUnderWay = false;
  /** How many reports have failed since the last that did not. */
  #failures = 0;

  /** @param wake lets a commit batch follow, which sets the alarm for `reportAt` */
  constructor(ctx: DurableObjectState, env: Env, clock: MachineClock, wake: () => void) {
    this.#ctx = ctx;
    this.#env = env;
    this.#name = ctx.id.name ?? "";
    this.#clock = clock;
    this.#wake = wake;
  }

  /** When the counts are to be reported, in milliseconds by the machine's clock; `Infinity` if nothing has changed. */
  get reportAt(): number {
    return this.#reportAt;
  }

  /** To be called when the queue was loaded. */
  loaded(isConfirmed: boolean): void {
    this.#isConfirmed = isConfirmed;
    this.#isPlannedBefore = true;
  }

  /** To be called when the queue was entered in the directory. */
  entered(): void {
    this.#isConfirmed = false;
    this.#confirmAt = 0;
    this.#isEntered = true;
    this.#isPlannedBefore = false;
    this.#reportAt = Number.POSITIVE_INFINITY;
  }

  /** To be called when the queue was deleted. */
  deleted(): void {
    this.#generation = undefined;
    this.#isEntered = false;
    this.#isReportDue = false;
    this.#reportAt = Number.POSITIVE_INFINITY;
  }

  /** To be called before the rows of a commit are written. */
  committing(): void {
    // What is reported when this commit is durable has its changes.
    if (!this.#isEntered && !this.#isReportDue) this.#plan(this.#clock.now() + REPORT_MS);
  }

  /** To be called when the alarm has gone off, before the commit batch that follows. */
  alarmed(): void {
    if (!this.#isPlannedBefore && this.#clock.now() < this.#reportAt) return;
    this.#reportAt = Number.POSITIVE_INFINITY;
    this.#isReportDue = true;
  }

  /** To be called when all writes are durable. Sends what is due. */
  committed(generation: string, queue: Queue): void {
    this.#generation = generation;
    if (!this.#isConfirmed && this.#clock.now() >= this.#confirmAt) this.#confirm(generation, queue);
    if (!this.#isReportDue) return;
    this.#isReportDue = false;
    if (this.#isUnderWay) this.#planAgain(this.#clock.now() + REPORT_MS);
    else this.#report(generation, queue);
  }

  #confirm(generation: string, queue: Queue): void {
    const report = this.#reportOf(queue);
    const isFirst = this.#isEntered;
    this.#isEntered = false;
    this.#confirmAt = this.#clock.now() + CONFIRM_AGAIN_MS;
    const confirmed = this.#directory.confirm(this.#name, generation, report).then(
      (isReported) => {
        this.#isConfirmed ||= generation === this.#generation;
        if (isFirst && isReported !== true) this.#planAgain(this.#clock.now() + REPORT_MS);
      },
      (error) => {
        if (isFirst) this.#planAgain(this.#clock.now() + REPORT_MS);
        // A directory of a newer version has logged that itself.
        if (refusalOfNewerDirectory(error) !== undefined) return;
        console.error(`queue ${this.#name}: unavailable: the directory could not be told.`, error);
      },
    );
    this.#ctx.waitUntil(confirmed);
  }

  #report(generation: string, queue: Queue): void {
    const report = this.#reportOf(queue);
    if (report === undefined) return;
    this.#isUnderWay = true;
    const reported = this.#directory.report(this.#name, generation, report).then(
      (nextAt) => {
        this.#isUnderWay = false;
        this.#isPlannedBefore = false;
        this.#failures = 0;
        if (nextAt !== null) this.#planAgain(nextAt);
      },
      (error) => {
        this.#isUnderWay = false;
        this.#failed(error);
      },
    );
    this.#ctx.waitUntil(reported);
  }

  /** A commit plans the next report within `REPORT_MS`. Without one it has time: each alarm is billed as a row. */
  #failed(error: unknown): void {
    this.#planAgain(this.#clock.now() + Math.min(REPORT_MS * 2 ** this.#failures, REPORT_AGAIN_MS_MAX));
    this.#failures += 1;
    const isExpected = refusalOfNewerDirectory(error) !== undefined || isOfAnotherVersion(error);
    if (this.#failures > 1 || isExpected) return;
    console.error(
      `queue ${this.#name}: unavailable: the directory did not take the counts; it gets them later.`,
      error,
    );
  }

  /** Undefined if the oldest message cannot be read: the first command that needs it answers for that. */
  #reportOf(queue: Queue): CountsReport | undefined {
    const countedAt = this.#clock.now();
    try {
      const description = queue.describe(countedAt);
      const counts = Object.fromEntries(COUNT_NAMES.map((name) => [name, description[name]]));
      const isEmpty = STATE_NAMES.every((name) => description[name] === 0);
      return { counts, oldestAt: isEmpty ? null : countedAt - description.oldestMs, countedAt };
    } catch {
      return undefined;
    }
  }

  #plan(at: number): void {
    this.#reportAt = Math.min(this.#reportAt, at);
  }

  /** Plans a report when no commit is under way that would set the alarm for it. */
  #planAgain(at: number): void {
    this.#plan(at);
    this.#wake();
  }

  /** A new stub each time: one whose call has failed may fail for good. */
  get #directory(): DurableObjectStub<DirectoryCalls> {
    return directoryOf(this.#env);
  }
}
