import type { QueueState } from "./base/queue-state.ts";
import type { Jobs } from "./jobs/jobs.ts";
import type { Joins } from "./joins.ts";
import type { Puts } from "./puts.ts";
import type { Receivers } from "./receivers.ts";
import type { Receives } from "./receives.ts";
import type { Removals } from "./removals.ts";
import type { Retention } from "./retention.ts";
import type { Backlog } from "./schedule/backlog.ts";
import type { Results } from "./waiting/results.ts";
import type { EndedWait, Waits } from "./waiting/waits.ts";

/** The parts that the dispatcher uses. */
interface DispatcherParts {
  backlog: Backlog;
  receivers: Receivers;
  waits: Waits;
  results: Results;
  retention: Retention;
  receives: Receives;
  puts: Puts;
  joins: Joins;
  jobs: Jobs;
  removals: Removals;
}

/** Serves what waits in a queue, in order of arrival, and ends waits. */
export class Dispatcher {
  readonly #state: QueueState;
  readonly #parts: DispatcherParts;

  constructor(state: QueueState, parts: DispatcherParts) {
    this.#state = state;
    this.#parts = parts;
  }

  /** Serves what can be served at this time, then ends the waits whose deadline has come. */
  advance(now: number): void {
    const { receivers, waits } = this.#parts;
    receivers.dismissUnheard(now);
    this.serve(now);
    for (const wait of waits.expire(now)) this.#answerEnded(wait, now);
    // A large put whose wait has ended may have blocked smaller ones behind it.
    this.serve(now);
  }

  /** When a wait is next to be served or ended, if no command comes before; else Infinity. */
  get nextEventAt(): number {
    const { receives, puts, joins, jobs, backlog, retention, waits } = this.#parts;
    // Redrives do not count: what they wait for is a command.
    if (receives.isEmpty && puts.areNoneBlocked && joins.isEmpty && jobs.areNoneAwaited)
      return Number.POSITIVE_INFINITY;
    return Math.min(backlog.nextDueAt, retention.nextExpiryAt, waits.nextDeadline, receives.nextFilledAt);
  }

  /** Ends waits as if their time were over. A redrive goes on waiting: its messages are on their way. */
  cancelWaits(requestIds: readonly number[], now: number): number {
    const ended = this.#parts.waits.end(requestIds, (kind) => kind !== "redrive");
    for (const wait of ended) this.#answerEnded(wait, now);
    return ended.length;
  }

  /** Answers a wait that ended before what it waited for came. */
  #answerEnded({ kind, requestIds, subject }: EndedWait, now: number): void {
    const { results, puts, jobs } = this.#parts;
    for (const requestId of requestIds) {
      if (subject !== undefined) results.add(requestId, jobs.unfinished(subject, now));
      else if (kind === "receive") results.add(requestId, { verb: "receive", deliveries: [] });
      else if (kind === "join") results.add(requestId, { verb: "join", finished: false });
      else results.add(requestId, puts.noRoom);
    }
  }

  /** Forgets commands that need no answer any more, and what would be pushed to a subscriber. */
  leave(requestIds: ReadonlySet<number>, subscriber: number | undefined): void {
    const { waits, receivers, jobs } = this.#parts;
    waits.end(requestIds);
    if (subscriber === undefined) return;
    receivers.unsubscribe(subscriber);
    jobs.leave(subscriber);
  }

  /** Serves waiting receives, blocked puts and joins in order of arrival, until none can be served. */
  serve(now: number): void {
    const { retention, removals, receives, puts, joins, jobs } = this.#parts;
    retention.expire(now);
    if (this.#state.configuration.shutdown === "immediate") removals.discard(now);
    let isAnyServed = true;
    while (isAnyServed) {
      isAnyServed = receives.serve(now);
      isAnyServed = puts.serveBlocked(now) || isAnyServed;
    }
    joins.serve();
    jobs.serve(now);
    receives.refuseIfOver();
  }
}
