import { WATCHED_RESULT_CHARACTERS_MAX, WATCHES_MAX } from "../../contract/limits.ts";
import type { JobView, Refusal, UnknownJob } from "../base/commands.ts";
import { formatId, type Place, parseId } from "../base/receipt.ts";
import { unknownJob } from "../base/refusals.ts";
import type { PlacedMessage } from "../schedule/backlog.ts";
import type { JobRecord } from "../store/job-records.ts";
import { LEASED } from "../store/states.ts";
import type { Results } from "../waiting/results.ts";
import { type Wait, WaitQueue, type Waits } from "../waiting/waits.ts";
import { bytesOfJob, shortened, viewOfRecord } from "./record-view.ts";

interface ResultWait extends Wait {
  kind: "result";
}

/** Who watches a job: by subscriber, whether with its events. */
type Watchers = Map<number, boolean>;

/** What the handler of a running job has told last. */
interface Progress {
  /** The number of the delivery to it: the next handler begins anew. */
  delivery: number;
  /** JSON. */
  text: string;
}

/** The newest progress of running jobs, all together. Beyond it the oldest are forgotten. */
const PROGRESS_CHARACTERS_MAX = 4 * 1024 * 1024;

/** What one takes beside its text, in characters: so there are at most 32,768. */
const PROGRESS_CHARACTERS_MIN = 128;

/** What becomes of one job is told to calls that wait for its end, and to subscribers that watch it. All of it is in memory. */
export class JobWatches {
  readonly #idPrefix: string;
  readonly #results: Results;
  readonly #waits: Waits;
  readonly #waiting = new Map<string, WaitQueue<ResultWait>>();
  /** Jobs that have ended, and for which calls still wait. */
  readonly #owed = new Map<string, JobView>();
  readonly #watchers = new Map<string, Watchers>();
  readonly #bySubscriber = new Map<number, Set<string>>();
  #size = 0;
  /** Jobs whose events are watched, and which of them have changed since the last commit batch. */
  #eventWatches = 0;
  readonly #changed = new Set<string>();
  /** The progress that was set last is at the end. */
  readonly #progress = new Map<string, Progress>();
  #progressCharacters = 0;

  constructor(idPrefix: string, waits: Waits, results: Results) {
    this.#idPrefix = idPrefix;
    this.#waits = waits;
    this.#results = results;
  }

  /** Whether no job is watched and no call waits for one. */
  get isEmpty(): boolean {
    return this.#watchers.size === 0 && this.#waiting.size === 0;
  }

  /** Whether one more job can be watched. */
  get isFull(): boolean {
    return this.#size >= WATCHES_MAX;
  }

  isWatched({ segment, index }: PlacedMessage): boolean {
    if (this.isEmpty) return false;
    const id = formatId(this.#idPrefix, segment.originOf(index));
    return this.#watchers.has(id) || this.#waiting.has(id);
  }

  /** The ids of all jobs that are watched or waited for. */
  get ids(): string[] {
    return [...new Set([...this.#watchers.keys(), ...this.#waiting.keys()])];
  }

  /** Lets a call wait for the end of a job. */
  wait(requestId: number, id: string, deadline: number): void {
    let queue = this.#waiting.get(id);
    if (queue === undefined) {
      queue = new WaitQueue<ResultWait>(this.#waits, () => {
        if (this.#waiting.get(id)?.isEmpty) this.#waiting.delete(id);
      });
      this.#waiting.set(id, queue);
    }
    queue.add({ kind: "result", requestIds: [requestId], subject: id }, deadline);
  }

  /** Whether a subscriber watches a job. */
  watches(subscriber: number, id: string): boolean {
    return this.#watchers.get(id)?.has(subscriber) ?? false;
  }

  watch(subscriber: number, id: string, hasEvents: boolean): void {
    const watchers: Watchers = this.#watchers.get(id) ?? new Map();
    const before = watchers.get(subscriber);
    if (before === undefined) this.#size += 1;
    this.#eventWatches += Number(hasEvents) - Number(before ?? false);
    this.#watchers.set(id, watchers.set(subscriber, hasEvents));
    const ids = this.#bySubscriber.get(subscriber) ?? new Set();
    this.#bySubscriber.set(subscriber, ids.add(id));
  }

  unwatch(subscriber: number, id: string): void {
    const watchers = this.#watchers.get(id);
    const hadEvents = watchers?.get(subscriber);
    if (watchers === undefined || hadEvents === undefined) return;
    this.#size -= 1;
    this.#eventWatches -= Number(hadEvents);
    watchers.delete(subscriber);
    if (watchers.size === 0) this.#watchers.delete(id);
    const ids = this.#bySubscriber.get(subscriber);
    ids?.delete(id);
    if (ids?.size === 0) this.#bySubscriber.delete(subscriber);
  }

  /** Ends all watches of a subscriber. */
  leave(subscriber: number): void {
    for (const id of [...(this.#bySubscriber.get(subscriber) ?? [])]) this.unwatch(subscriber, id);
  }

  /** Tells the end of a job to all calls that wait for it and subscribers that watch it. */
  ended(record: JobRecord): void {
    this.forgetProgress(record.place);
    const job = viewOfRecord(this.#idPrefix, record);
    if (this.#waiting.has(job.id)) this.#owed.set(job.id, job);
    this.serveOwed();
    this.#endWatches(job);
  }

  /** Whether calls wait for jobs that have ended: more than one commit batch may answer. */
  get isBehind(): boolean {
    return this.#owed.size > 0;
  }

  /** What a job was when it ended, for a call that waits for it. */
  owed(id: string): JobView | undefined {
    return this.#owed.get(id);
  }

  /** Answers calls that wait for jobs that have ended, as many as one commit batch may. */
  serveOwed(): void {
    for (const [id, job] of this.#owed) {
      const waiting = this.#waiting.get(id);
      for (let wait = this.#next(waiting); wait !== undefined; wait = this.#next(waiting)) {
        for (const requestId of wait.requestIds) this.#results.add(requestId, { verb: "result", job }, bytesOfJob(job));
      }
      if (!this.#waiting.has(id)) this.#owed.delete(id);
      if (this.#results.isFull) return;
    }
  }

  #next(waiting: WaitQueue<ResultWait> | undefined): ResultWait | undefined {
    return this.#results.isFull ? undefined : waiting?.shift();
  }

  /** The message of a job has left the queue before the job ended, and nothing is known of it here any more. */
  gone(place: Place): void {
    this.forgetProgress(place);
    if (this.isEmpty) return;
    const id = formatId(this.#idPrefix, place);
    for (const { requestIds } of this.#waiting.get(id)?.takeAll() ?? []) {
      this.#results.refuse(requestIds, unknownJob(true));
    }
    this.#endWatches({ id, state: "unknown", isExpired: true });
  }

  #endWatches(job: JobView | UnknownJob): void {
    for (const subscriber of [...(this.#watchers.get(job.id)?.keys() ?? [])]) {
      this.#tell(subscriber, job);
      this.unwatch(subscriber, job.id);
    }
  }

  /** Refuses all calls that wait, and ends all watches: their jobs are not known any more. */
  refuseAll(refusal: Refusal): void {
    for (const queue of [...this.#waiting.values()]) {
      for (const { requestIds } of queue.takeAll()) this.#results.refuse(requestIds, refusal);
    }
    for (const id of [...this.#watchers.keys()]) this.#endWatches({ id, state: "unknown", isExpired: true });
  }

  /** A result that is long, or would be one too many for this commit batch, is left out: its watcher asks for it. So is a stack. */
  #tell(subscriber: number, job: JobView | UnknownJob): void {
    const isLong = job.state !== "unknown" && (job.result?.length ?? 0) > WATCHED_RESULT_CHARACTERS_MAX;
    const told = isLong || this.#results.isFull ? shortened(job) : job;
    this.#results.add(subscriber, { verb: "job", job: told }, bytesOfJob(told));
  }

  /** Notes that a message has changed its state or its progress. */
  changed(segment: PlacedMessage["segment"], index: number): void {
    if (this.#progress.size > 0 && segment.stateOf(index) !== LEASED) this.forgetProgress(segment.originOf(index));
    if (this.#eventWatches === 0) return;
    const id = formatId(this.#idPrefix, segment.originOf(index));
    if (this.#watchers.has(id)) this.#changed.add(id);
  }

  /** Tells what has changed of jobs that go on. */
  tellChanges(viewOf: (id: string) => JobView | UnknownJob): void {
    for (const id of this.#changed) {
      const job = viewOf(id);
      for (const [subscriber, hasEvents] of this.#watchers.get(id) ?? []) if (hasEvents) this.#tell(subscriber, job);
    }
    this.#changed.clear();
  }

  /** The newest progress of a running job, as JSON text. */
  progressOf({ segment, index }: PlacedMessage): string | undefined {
    const progress = this.#progress.get(formatId(this.#idPrefix, segment.originOf(index)));
    return progress?.delivery === segment.deliveriesOf(index) ? progress.text : undefined;
  }

  setProgress({ segment, index }: PlacedMessage, text: string): void {
    const place = segment.originOf(index);
    this.forgetProgress(place);
    this.#progress.set(formatId(this.#idPrefix, place), { delivery: segment.deliveriesOf(index), text });
    this.#progressCharacters += charactersOf(text);
    for (const id of this.#progress.keys()) {
      if (this.#progressCharacters <= PROGRESS_CHARACTERS_MAX) break;
      this.#forgetProgress(id);
    }
    this.changed(segment, index);
  }

  forgetProgress(place: Place): void {
    if (this.#progress.size > 0) this.#forgetProgress(formatId(this.#idPrefix, place));
  }

  #forgetProgress(id: string): void {
    const progress = this.#progress.get(id);
    if (progress === undefined) return;
    this.#progressCharacters -= charactersOf(progress.text);
    this.#progress.delete(id);
  }

  /** The place that an id names; undefined for a text that is no id of the queue's present life. */
  placeOf(id: string): Place | undefined {
    return parseId(this.#idPrefix, id);
  }
}

function charactersOf(text: string): number {
  return text.length + PROGRESS_CHARACTERS_MIN;
}
