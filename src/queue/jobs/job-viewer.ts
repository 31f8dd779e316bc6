import { LIST_BYTES_MAX } from "../../contract/limits.ts";
import type { DeathReason, JobState } from "../../contract/states.ts";
import type { JobsCommand, JobView, Refusal, UnknownJob } from "../base/commands.ts";
import { errorOf } from "../base/job-errors.ts";
import { formatId, type Place, parseId } from "../base/receipt.ts";
import { unknownCursor } from "../base/refusals.ts";
import type { Backlog, PlacedMessage } from "../schedule/backlog.ts";
import { attemptsOf } from "../store/attempts.ts";
import type { JobRows } from "../store/job-rows.ts";
import { taskAndPutAtOf, taskOf } from "../store/payload-text.ts";
import type { Payloads } from "../store/payloads.ts";
import { SEGMENT_MESSAGES_MAX } from "../store/segment-summary.ts";
import { DEAD, GONE, LEASED, TRANSFERRING } from "../store/states.ts";
import type { JobWatches } from "./job-watches.ts";
import { bytesOfJob, viewOfRecord } from "./record-view.ts";

/** Messages and records that are looked through in one call, so that no call takes long: a page may be short, or empty. */
const LOOKED_AT_MAX = 20_000;
/** About the most that is read of them. */
const READ_BYTES_MAX = 8 * 1024 * 1024;

/** Where the second part of a list begins: the jobs that have ended. No id begins so. */
const ENDED = "ended";

/** What the viewer of jobs is made of. */
interface JobViewerParts {
  backlog: Backlog;
  payloads: Payloads;
  jobRows: JobRows;
  watches: JobWatches;
}

type Listed = { verb: "jobs"; jobs: JobView[]; bytes: number; cursor: string | null };

/** Shows jobs: those that have not ended as their messages are, the others by their records. */
export class JobViewer {
  readonly #idPrefix: string;
  readonly #parts: JobViewerParts;

  constructor(idPrefix: string, parts: JobViewerParts) {
    this.#idPrefix = idPrefix;
    this.#parts = parts;
  }

  /** Any message of the queue, whether it is a job or not. */
  find(id: string, now: number): JobView | UnknownJob {
    const { backlog, jobRows } = this.#parts;
    const place = parseId(this.#idPrefix, id);
    if (place === undefined) return { id, state: "unknown", isExpired: false };
    const found = backlog.moved.find(place);
    if (found !== undefined && isLive(found)) return this.#live(found, now);
    const record = jobRows.find(place, now);
    if (record !== undefined) return viewOfRecord(this.#idPrefix, record);
    if (found !== undefined && found.segment.stateOf(found.index) !== GONE) return this.#dead(found);
    return { id, state: "unknown", isExpired: this.#wasHere(place) };
  }

  /** Whether a message has had this place, as far as is still known. */
  #wasHere({ segmentNumber, index }: Place): boolean {
    const { backlog } = this.#parts;
    const count = backlog.segmentAt({ segmentNumber, index })?.count ?? SEGMENT_MESSAGES_MAX;
    return segmentNumber <= backlog.lastSegment && index < count;
  }

  #live({ segment, index }: PlacedMessage, now: number): JobView {
    const { payloads, watches } = this.#parts;
    const place = segment.originOf(index);
    const payload = payloads.of(segment, index);
    const isRunning = segment.stateOf(index) === LEASED;
    const visibleAt = segment.visibleAtOf(index);
    const isDelayed = !isRunning && visibleAt > now;
    return {
      id: formatId(this.#idPrefix, place),
      state: isRunning ? "running" : isDelayed ? "delayed" : "waiting",
      ...taskAndPutAtOf(payload),
      attempts: attemptsOf(segment, index),
      until: isRunning || isDelayed ? visibleAt : undefined,
      progress: isRunning ? watches.progressOf({ segment, index }) : undefined,
    };
  }

  /** A dead message whose record is not kept any more. */
  #dead({ segment, index }: PlacedMessage): JobView {
    const payload = this.#parts.payloads.of(segment, index);
    const { error, reason = "max_attempts" satisfies DeathReason } = segment.noteOf(index);
    const attempts = attemptsOf(segment, index);
    return {
      id: formatId(this.#idPrefix, segment.originOf(index)),
      state: "failed",
      ...taskAndPutAtOf(payload),
      attempts,
      error: errorOf(error, reason, attempts),
      reason,
      finishedAt: segment.visibleAtOf(index),
    };
  }

  /** A page of jobs: see `JobsCommand`. Refused for the cursor of another list. */
  list(command: JobsCommand, now: number): Listed | Refusal {
    const page = new Page(command);
    const { cursor, state } = command;
    if (cursor.startsWith(ENDED)) return this.#listEnded(page, cursor.slice(ENDED.length), now);
    const from = cursor === "" ? { segmentNumber: 0, index: 0 } : parseId(this.#idPrefix, cursor);
    if (from === undefined) return unknownCursor();
    const mayBeHere = state !== "done" && state !== "cancelled";
    const stoppedAt = mayBeHere ? this.#listMessages(page, from, now) : undefined;
    if (stoppedAt !== undefined) return page.end(formatId(this.#idPrefix, stoppedAt));
    return this.#listEnded(page, "", now);
  }

  /** Adds jobs whose messages are in the queue; answers with the last place that was looked at if the page is full. */
  #listMessages(page: Page, from: Place, now: number): Place | undefined {
    let last = from;
    for (const segment of this.#parts.backlog.segments()) {
      // Every job has a rule of its own: for how long its outcome is kept.
      if (segment.number < last.segmentNumber || segment.ownRules === undefined) continue;
      for (let index = segment.number === last.segmentNumber ? last.index + 1 : 0; index < segment.count; index += 1) {
        if (page.isFull) return last;
        const job = this.#jobAt({ segment, index }, now);
        if (job !== undefined) page.add(job, job.finishedAt ?? job.putAt);
        page.looked(job === undefined ? 0 : this.#parts.payloads.of(segment, index).length);
        last = { segmentNumber: segment.number, index };
      }
    }
    return undefined;
  }

  /** The job at a place; undefined if there is none, or if it is shown by its record. */
  #jobAt(place: PlacedMessage, now: number): JobView | undefined {
    const { segment, index } = place;
    if (segment.stateOf(index) === GONE || segment.areDeadLetters) return undefined;
    const { payloads, jobRows } = this.#parts;
    const resultMs = payloads.rulesOf(segment, index)?.resultMs;
    if (resultMs === undefined) return undefined;
    if (resultMs === 0 && taskOf(payloads.of(segment, index)) === undefined) return undefined;
    if (isLive(place)) return this.#live(place, now);
    return jobRows.find(segment.originOf(index), now) === undefined ? this.#dead(place) : undefined;
  }

  #listEnded(page: Page, cursor: string, now: number): Listed | Refusal {
    let last = cursor;
    for (const { record, cursor: next } of this.#parts.jobRows.newestFirst(cursor, now)) {
      if (page.isFull) return page.end(`${ENDED}${last}`);
      const view = viewOfRecord(this.#idPrefix, record);
      if (!this.#isBack(record.place)) page.add(view, record.finishedAt);
      page.looked(bytesOfJob(view));
      last = next;
    }
    return page.end(null);
  }

  /** Whether a job that had failed was redriven, and has not ended again. */
  #isBack(place: Place): boolean {
    const found = this.#parts.backlog.moved.find(place);
    return found !== undefined && isLive(found);
  }
}

/** Whether a message has not ended. One on its way to another queue has ended if it is dead; else it may come back. */
function isLive({ segment, index }: PlacedMessage): boolean {
  const state = segment.stateOf(index);
  if (state === TRANSFERRING) return segment.noteOf(index).was !== DEAD;
  return state !== GONE && state !== DEAD;
}

/** A page of a list while it is filled, with jobs that fit what was asked for. */
class Page {
  readonly #asked: JobsCommand;
  readonly #jobs: JobView[] = [];
  #bytes = 0;
  #looked = 0;
  #read = 0;

  constructor(asked: JobsCommand) {
    this.#asked = asked;
  }

  get isFull(): boolean {
    const { limit } = this.#asked;
    const isAllLooked = this.#looked === LOOKED_AT_MAX || this.#read >= READ_BYTES_MAX;
    return this.#jobs.length === limit || isAllLooked || this.#bytes >= LIST_BYTES_MAX;
  }

  /** @param bytes about what was read for it */
  looked(bytes: number): void {
    this.#looked += 1;
    this.#read += bytes;
  }

  /** @param at when it ended, or was put */
  add(job: JobView, at: number): void {
    const { state, task, since = 0, before = Number.POSITIVE_INFINITY } = this.#asked;
    const isOfState = state === undefined || job.state === (state satisfies JobState);
    if (!isOfState || (task !== undefined && job.task !== task) || at < since || at >= before) return;
    this.#jobs.push(job);
    this.#bytes += bytesOfJob(job);
  }

  end(cursor: string | null): Listed {
    return { verb: "jobs", jobs: this.#jobs, bytes: this.#bytes, cursor };
  }
}
