import type { JobReply } from "../../../src/api/types.ts";
import type { Route } from "../transport/call.ts";
import type { WatchedJob } from "./watched-job.ts";

/** How long one call waits at the server for the end of a job, in seconds, at most: less than an answer may take. */
const POLL_SECONDS_MAX = 10;

/** The same where listeners want to hear of progress. */
const PROGRESS_POLL_SECONDS = 1;

/** Where more jobs are awaited than calls may wait at a time, all of them are asked for about once in this time. */
const ROUND_SECONDS = 5;

/** The shortest such wait. */
const POLL_SECONDS_MIN = 0.25;

/** Receives the outcomes. */
interface ResultEvents {
  /** What the job is. It may not have ended. */
  heard(job: WatchedJob, view: JobReply): void;
  failed(job: WatchedJob, error: unknown): void;
}

/** Asks for jobs one by one: a bounded number at a time, in their order. */
export class ResultCalls {
  readonly #route: Route;
  readonly #events: ResultEvents;
  /** Jobs to ask for, and how long the server may wait for each, in seconds. */
  readonly #waiting = new Map<WatchedJob, number>();
  readonly #running = new Map<WatchedJob, AbortController>();

  constructor(route: Route, events: ResultEvents) {
    this.#route = route;
    this.#events = events;
  }

  /** Asks for a job that has ended. */
  fetch(job: WatchedJob): void {
    this.#add(job, 0);
  }

  /**
   * Asks for a job, and lets the server wait for its end for some time.
   *
   * @param count how many jobs are awaited together
   */
  poll(job: WatchedJob, count: number): void {
    const seconds = count <= this.#max ? POLL_SECONDS_MAX : (ROUND_SECONDS * this.#max) / count;
    const longest = job.wantsAll ? PROGRESS_POLL_SECONDS : POLL_SECONDS_MAX;
    this.#add(job, Math.max(POLL_SECONDS_MIN, Math.min(longest, seconds)));
  }

  /** No listener waits for the job any more. */
  leave(job: WatchedJob): void {
    this.#waiting.delete(job);
    this.#running.get(job)?.abort();
  }

  get #max(): number {
    return this.#route.pollsMax ?? Number.POSITIVE_INFINITY;
  }

  #add(job: WatchedJob, seconds: number): void {
    if (this.#running.has(job)) return;
    this.#waiting.set(job, seconds);
    this.#startSome();
  }

  #startSome(): void {
    for (const [job, seconds] of this.#waiting) {
      if (this.#running.size >= this.#max) return;
      this.#waiting.delete(job);
      void this.#run(job, seconds);
    }
  }

  async #run(job: WatchedJob, seconds: number): Promise<void> {
    const leaving = new AbortController();
    this.#running.set(job, leaving);
    const request = { id: job.id, ...(seconds === 0 ? {} : { timeoutSeconds: seconds }) };
    let tell: () => void;
    try {
      const { value } = await this.#route.send<JobReply>({ verb: "result", request, signal: leaving.signal });
      tell = () => this.#events.heard(job, value);
    } catch (error) {
      tell = () => this.#events.failed(job, error);
    }
    this.#running.delete(job);
    tell();
    this.#startSome();
  }
}
