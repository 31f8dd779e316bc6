import type { JobReply, ReplyOf, UnknownJobReply } from "../../../src/api/types.ts";
import { WATCH_IDS_MAX } from "../../../src/contract/limits.ts";
import { chunksOf } from "../base/chunks.ts";
import { QueueError, UnknownMessage, UnknownQueue } from "../base/errors.ts";
import { hasEnded } from "../base/job-ends.ts";
import { PlannedTurn } from "../base/planned-turn.ts";
import type { Route, WatchListener } from "../transport/call.ts";
import { ResultCalls } from "./result-calls.ts";
import { type JobListener, WatchedJob } from "./watched-job.ts";

/** The watchers of routes: what is awaited twice is watched once. */
const watchers = new WeakMap<Route, JobWatcher>();

/** The watcher that all share who use this route. */
export function watcherOf(route: Route): JobWatcher {
  const known = watchers.get(route);
  if (known !== undefined) return known;
  const watcher = new JobWatcher(route);
  watchers.set(route, watcher);
  return watcher;
}

/** Watches the jobs of one queue: over a socket the server tells of them, over HTTP it is asked. */
class JobWatcher implements WatchListener {
  readonly #route: Route;
  readonly #queue: string;
  readonly #jobs = new Map<string, WatchedJob>();
  readonly #results: ResultCalls;
  /** Jobs that the server is asked for at the end of the turn. */
  #unasked = new Set<WatchedJob>();
  /** How often the server has forgotten what is watched. */
  #forgottenTimes = 0;
  /** The ids of jobs that need not be watched any more. */
  #left = new Set<string>();
  readonly #turns = new PlannedTurn(() => this.#flush());

  constructor(route: Route) {
    this.#route = route;
    this.#queue = route.place.queue ?? "";
    this.#results = new ResultCalls(route, {
      heard: (job, view) => this.#answered(job, view),
      failed: (job, error) => this.#fail(job, error),
    });
    route.watches?.listen(this);
  }

  /** Tells the listener of a job, from now to its end. The result leaves before that. */
  watch(id: string, listener: JobListener): () => void {
    let job = this.#jobs.get(id);
    if (job === undefined) {
      job = new WatchedJob(id);
      this.#jobs.set(id, job);
      this.#ask(job);
    }
    const watched = job;
    watched.listeners.add(listener);
    if (listener.wantsAll && !watched.hasEvents) this.#ask(watched);
    if (watched.view !== undefined) listener.heard(watched.view);
    return () => this.#leave(watched, listener);
  }

  get isWatching(): boolean {
    return this.#jobs.size > 0;
  }

  heard(view: JobReply | UnknownJobReply): void {
    const job = this.#jobs.get(view.id);
    if (job === undefined) return;
    if (view.state === "unknown") this.#fail(job, unknownJob(job.id, this.#queue, view.expired));
    else this.#hear(job, view);
  }

  forgotten(): void {
    this.#forgottenTimes += 1;
    this.#left.clear();
    for (const job of this.#jobs.values()) if (!job.isAsked) this.#ask(job);
  }

  unsupported(): void {
    this.forgotten();
  }

  ended(error: () => Error): void {
    for (const job of [...this.#jobs.values()]) this.#fail(job, error());
  }

  /** Asks for it together with all that are asked for in the same turn of the event loop. */
  #ask(job: WatchedJob): void {
    this.#left.delete(job.id);
    this.#unasked.add(job);
    this.#turns.plan();
  }

  #flush(): void {
    const left = [...this.#left];
    const jobs = [...this.#unasked].filter((job) => this.#jobs.get(job.id) === job && !job.isAsked);
    this.#left.clear();
    this.#unasked.clear();
    if (this.#route.watches?.isOnHttp ?? true) {
      for (const job of jobs) this.#results.poll(job, this.#jobs.size);
      return;
    }
    for (const ids of chunksOf(left, WATCH_IDS_MAX)) void this.#unwatch(ids);
    for (const events of [false, true]) {
      const alike = jobs.filter(({ wantsAll }) => wantsAll === events);
      for (const some of chunksOf(alike, WATCH_IDS_MAX)) void this.#watch(some, events);
    }
  }

  /** Without an answer the server goes on telling of jobs that no listener waits for. */
  async #unwatch(ids: string[]): Promise<void> {
    await this.#route.send({ verb: "unwatch", request: { ids }, retrySeconds: 0 }).catch(() => undefined);
  }

  /** @param events whether the server is to tell of more than the ends of jobs */
  async #watch(jobs: readonly WatchedJob[], events: boolean): Promise<void> {
    for (const job of jobs) {
      job.isAsked = true;
      job.hasEvents = events;
    }
    const forgottenTimes = this.#forgottenTimes;
    try {
      const request = { ids: jobs.map(({ id }) => id), ...(events ? { events } : {}) };
      const { value } = await this.#route.send<ReplyOf<"watch">>({ verb: "watch", request });
      for (const job of jobs) job.isAsked = false;
      for (const view of value.jobs) this.heard(view);
      // A listener that wants all may have come meanwhile, or the server has forgotten these too.
      const isForgotten = forgottenTimes !== this.#forgottenTimes;
      for (const job of jobs) {
        if (this.#jobs.get(job.id) === job && (isForgotten || (job.wantsAll && !events))) this.#ask(job);
      }
    } catch (error) {
      for (const job of jobs) job.isAsked = false;
      // The socket was given up for HTTP, where there is no such call.
      const isElsewhere = this.#route.watches?.isOnHttp || (error instanceof QueueError && error.code === "not_found");
      for (const job of jobs) {
        if (this.#jobs.get(job.id) !== job) continue;
        if (isElsewhere) this.#ask(job);
        else this.#fail(job, error);
      }
    }
  }

  /** The server says of a job what it is. A large result is fetched. */
  #hear(job: WatchedJob, view: JobReply): void {
    if (view.state === "done" && !("result" in view)) {
      this.#results.fetch(job);
      return;
    }
    job.view = view;
    if (hasEnded(view)) this.#jobs.delete(job.id);
    for (const listener of [...job.listeners]) listener.heard(view);
  }

  /** The answer to a call that asked for one job. */
  #answered(job: WatchedJob, view: JobReply): void {
    if (this.#jobs.get(job.id) !== job) return;
    this.#hear(job, view.state === "done" ? { ...view, result: view.result ?? null } : view);
    if (!hasEnded(view)) this.#ask(job);
  }

  #fail(job: WatchedJob, error: unknown): void {
    if (this.#jobs.get(job.id) !== job) return;
    this.#jobs.delete(job.id);
    const reason = error instanceof UnknownQueue ? unknownJob(job.id, this.#queue, false) : error;
    for (const listener of [...job.listeners]) listener.failed(reason);
  }

  #leave(job: WatchedJob, listener: JobListener): void {
    job.listeners.delete(listener);
    if (job.listeners.size > 0 || this.#jobs.get(job.id) !== job) return;
    this.#jobs.delete(job.id);
    this.#results.leave(job);
    if (this.#unasked.delete(job) && !job.isAsked) return;
    this.#left.add(job.id);
    this.#turns.plan();
  }
}

/** The error for a job of which the server knows nothing. */
function unknownJob(id: string, queue: string, expired: boolean): UnknownMessage {
  const text = expired
    ? `The job ${id} was in ${queue}, and its result is not kept any more: resultSeconds have passed, or are 0.`
    : `The job ${id} is not in ${queue}: it was never put there.`;
  return new UnknownMessage(text, { queue, expired });
}
