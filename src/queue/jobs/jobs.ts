import { LIST_BYTES_MAX, WATCHED_RESULT_CHARACTERS_MAX, WATCHES_MAX } from "../../contract/limits.ts";
import type { Command, JobView, Refusal, Result, UnknownJob } from "../base/commands.ts";
import { tooManyWait, tooManyWatches, unknownJob } from "../base/refusals.ts";
import type { PlacedMessage } from "../schedule/backlog.ts";
import { WAITS_MAX, type Waits } from "../waiting/waits.ts";
import type { JobViewer } from "./job-viewer.ts";
import type { JobWatches } from "./job-watches.ts";

type Of<Verb> = Extract<Command, { verb: Verb }>;

/** The verbs of those who wait for jobs. */
export class Jobs {
  readonly #viewer: JobViewer;
  readonly #watches: JobWatches;
  readonly #waits: Waits;

  constructor(viewer: JobViewer, watches: JobWatches, waits: Waits) {
    this.#viewer = viewer;
    this.#watches = watches;
    this.#waits = waits;
  }

  /** Whether no call waits for a job, and no job is watched. */
  get areNoneAwaited(): boolean {
    return this.#watches.isEmpty;
  }

  /** Ends what a subscriber watches. */
  leave(subscriber: number): void {
    this.#watches.leave(subscriber);
  }

  /** Refuses all calls that wait: the jobs of the queue are not known any more. */
  refuse(refusal: Refusal): void {
    this.#watches.refuseAll(refusal);
  }

  /** Undefined for a call that waits until the job has ended. */
  result(requestId: number, { id, timeoutMs }: Of<"result">, now: number): Result | undefined {
    const job = this.#viewer.find(id, now);
    if (job.state === "unknown") return unknownJob(job.isExpired);
    if (job.finishedAt !== undefined || timeoutMs <= 0) return { verb: "result", job };
    if (this.#waits.isFull) return tooManyWait(WAITS_MAX);
    this.#watches.wait(requestId, id, now + timeoutMs);
    return undefined;
  }

  /** What a call is answered with whose time is over. */
  unfinished(id: string, now: number): Result {
    const job = this.#viewer.find(id, now);
    return job.state === "unknown" ? unknownJob(job.isExpired) : { verb: "result", job };
  }

  watch({ subscriber, ids, events }: Of<"watch">, now: number): Result {
    const jobs: (JobView | UnknownJob)[] = [];
    let bytes = 0;
    for (const id of ids) {
      const job = this.#viewer.find(id, now);
      const characters = job.state === "unknown" ? 0 : (job.result?.length ?? 0);
      const isTold = characters <= WATCHED_RESULT_CHARACTERS_MAX && bytes + characters <= LIST_BYTES_MAX;
      jobs.push(isTold ? job : { ...(job as JobView), result: undefined });
      bytes += isTold ? characters : 0;
      if (job.state === "unknown" || job.finishedAt !== undefined) continue;
      if (this.#watches.isFull) return this.#tooManyWatches(subscriber, ids);
      this.#watches.watch(subscriber, id, events);
    }
    return { verb: "watch", jobs, bytes };
  }

  /** All or none: a client that is refused tries again. */
  #tooManyWatches(subscriber: number, ids: readonly string[]): Refusal {
    for (const id of ids) this.#watches.unwatch(subscriber, id);
    return tooManyWatches(WATCHES_MAX);
  }

  unwatch({ subscriber, ids }: Of<"unwatch">): Result {
    for (const id of ids) this.#watches.unwatch(subscriber, id);
    return { verb: "unwatch" };
  }

  /** @param running the message of the lease; undefined if it is over */
  progress({ receipt, progress }: Of<"progress">, running: PlacedMessage | undefined, now: number): Result {
    if (running !== undefined) {
      this.#watches.setProgress(running, progress);
      return { verb: "progress", isStale: false, isCancelled: false };
    }
    return { verb: "progress", isStale: true, isCancelled: this.isCancelled(receipt, now) };
  }

  /** Whether a receipt that fits no lease is that of a job of which is kept that it was cancelled. */
  isCancelled(receipt: string, now: number): boolean {
    // The id is what the receipt begins with.
    return this.#viewer.find(receipt.slice(0, receipt.lastIndexOf("-")), now).state === "cancelled";
  }

  list(command: Of<"jobs">, now: number): Result {
    return this.#viewer.list(command, now);
  }

  /** Tells watchers what has changed of their jobs. To be called when the commands of a commit batch are applied. */
  serve(now: number): void {
    this.#watches.tellChanges((id) => this.#viewer.find(id, now));
  }
}
