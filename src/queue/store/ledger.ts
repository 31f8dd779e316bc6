import { ENDINGS, type Ending, STATE_NAMES } from "../../contract/states.ts";
import { DEAD, NAME_OF, NONE, type PresentState, type StateCounts, sumOf, TRANSFERRING } from "./states.ts";
import { type JobTotals, NO_JOBS, NO_TOTALS, type Totals } from "./totals.ts";

type Writable<Fields> = { -readonly [Name in keyof Fields]: Fields[Name] };

/**
 * The counts of a queue: how many messages are in each state, how many were accepted, and how many left it, and how.
 *
 * Each method changes what a message leaves and what it enters together, so that this always holds: accepted = visible +
 * delayed + leased + dead + transferring + done + purged + expired + transferred. Of the records of jobs: recorded = kept +
 * expired + purged + replaced.
 */
export class Ledger {
  readonly #counts: StateCounts = { ...NONE };
  readonly #totals: Writable<Totals>;

  /** @param totals those of the newest commit. The messages of the stored segments are added by `restored`. */
  constructor(totals: Totals = NO_TOTALS) {
    this.#totals = { ...totals };
  }

  /** How many messages are in each state. */
  get counts(): Readonly<StateCounts> {
    return this.#counts;
  }

  /** What has happened so far. Always the same object. */
  get totals(): Totals {
    return this.#totals;
  }

  /** Takes in the messages of a stored segment. They are in the stored totals already. */
  restored(counts: StateCounts): void {
    for (const name of STATE_NAMES) this.#counts[name] += counts[name];
  }

  /** Counts a message that was put. */
  accepted(state: PresentState): void {
    this.#totals.accepted += 1;
    this.#totals.unfinished += 1;
    this.#counts[NAME_OF[state]] += 1;
  }

  /**
   * Counts a message in another state. A message that dies is finished, and unfinished again when it is redriven. A
   * transfer changes neither: if it is refused, the message is again in the state that it was in before.
   */
  moved(from: PresentState, to: PresentState): void {
    this.#counts[NAME_OF[from]] -= 1;
    this.#counts[NAME_OF[to]] += 1;
    if (from === TRANSFERRING || to === TRANSFERRING) return;
    if (to === DEAD && from !== DEAD) this.finished(1);
    else if (from === DEAD && to !== DEAD) this.#totals.unfinished += 1;
  }

  /** Counts the messages of a segment in other states: delays and leases that were over. None of them was dead before. */
  promoted(before: StateCounts, after: StateCounts): void {
    for (const name of STATE_NAMES) this.#counts[name] += after[name] - before[name];
    this.finished(after.dead - before.dead);
  }

  /** @param isFinished whether the message was unfinished until now */
  left(from: PresentState, ending: Ending, isFinished: boolean): void {
    this.#counts[NAME_OF[from]] -= 1;
    this.#totals[ending] += 1;
    if (isFinished) this.finished(1);
  }

  /** Counts all messages of a segment as purged. None of them is transferring. */
  purged(counts: StateCounts): void {
    for (const name of STATE_NAMES) {
      this.#counts[name] -= counts[name];
      this.#totals.purged += counts[name];
    }
    this.finished(sumOf(counts) - counts.dead);
  }

  /**
   * Counts messages as finished, which may have left the queue before. The count of unfinished messages stops at 0:
   * messages can be reported done before they are taken.
   */
  finished(messages: number): void {
    this.#totals.unfinished = Math.max(0, this.#totals.unfinished - messages);
  }

  /** Counts records of jobs: new ones, or those that are not kept any more. */
  countJobs(name: keyof JobTotals, records: number): void {
    const { jobs = NO_JOBS } = this.#totals;
    if (records > 0) this.#totals.jobs = { ...jobs, [name]: jobs[name] + records };
  }

  /**
   * Checks that every accepted message is somewhere, and every record of a job. It can be otherwise only where stored rows
   * were lost or changed from outside, or a method of this class is wrong.
   *
   * @param keptJobs how many records of jobs there are
   * @throws {Error} if the counts do not add up
   */
  assertBalance(keptJobs = 0): void {
    this.#assertJobs(keptJobs);
    const { accepted } = this.#totals;
    let sum = sumOf(this.#counts);
    for (const ending of ENDINGS) sum += this.#totals[ending];
    if (accepted === sum) return;
    const counts = STATE_NAMES.map((name) => `${this.#counts[name]} ${name}`);
    const totals = ENDINGS.map((ending) => `${this.#totals[ending]} ${ending}`);
    throw new Error(`Messages do not add up: ${accepted} accepted, but ${[...counts, ...totals].join(", ")}.`);
  }

  #assertJobs(kept: number): void {
    const { recorded, expired, purged, replaced } = this.#totals.jobs ?? NO_JOBS;
    if (recorded === kept + expired + purged + replaced) return;
    const parts = `${kept} kept, ${expired} expired, ${purged} purged, ${replaced} replaced`;
    throw new Error(`Job records do not add up: ${recorded} recorded, but ${parts}.`);
  }
}
