import { BATCH_MESSAGES_MAX } from "../../../src/contract/limits.ts";
import { Invalid, TooLarge } from "../base/errors.ts";
import { newKey } from "../base/idempotency-keys.ts";
import { PlannedTurn } from "../base/planned-turn.ts";
import { Timer } from "../base/platform.ts";
import { type CancelReports, cancelJobs } from "./cancel-jobs.ts";
import type { Chunk } from "./chunk.ts";
import type { OutcomeSink } from "./outcomes.ts";
import { partKey } from "./part-key.ts";
import type { PoolJobs } from "./pool-jobs.ts";

/** Puts of one pool that are under way at a time: more would wait in the memory of the server. */
const PUTS_MAX = 4;

/** Chunks of one pool that have been put and have not ended. The server watches a bounded number of jobs for all. */
const SENT_MAX = 20_000;

/** About how many bytes of inputs are put together, of the 8 MiB that a put may have. */
const BATCH_BYTES = 4 * 1024 * 1024;

/** How long puts may go on whose chunks are dropped, in milliseconds: one that waits for room in the queue takes longer. */
const DROPPED_PUT_MS = 1_000;

/** Chunks that are put together, under one key. */
export interface Batch {
  readonly chunks: Chunk[];
  readonly key: string;
}

/** Chunks that are made when there is room for them. */
export interface ChunkSource {
  readonly sink: OutcomeSink;
  /** The next of them; undefined when there are no more. */
  nextBatch(): Batch | undefined;
  /** No more are asked for: what becomes of the inputs that are left is this error. */
  abandon(error: unknown): void;
}

/** A put that is under way. */
interface Put {
  readonly chunks: readonly Chunk[];
  readonly giveUp: AbortController;
  /** Resolves when it has ended, and what is not wanted of it was cancelled. */
  readonly ended: Promise<void>;
}

/** Whether chunks fit together into a put. */
export function hasRoom(chunks: readonly Chunk[], bytes: number): boolean {
  return chunks.length < BATCH_MESSAGES_MAX && bytes < BATCH_BYTES;
}

/** Submits chunks, many at a time, and follows each to its end. */
export class Submitter {
  readonly #jobs: PoolJobs;
  readonly #reports: CancelReports;
  /** Chunks that were submitted one by one, and are to be put. */
  #single: Chunk[] = [];
  /** Batches to put before all others. */
  readonly #first: Batch[] = [];
  readonly #sources: ChunkSource[] = [];
  /** Chunks that have not ended. */
  readonly #open = new Set<Chunk>();
  readonly #puts = new Set<Put>();
  #putsUnderWay = 0;
  /** How many of the open chunks have been put, or are being put. */
  #sent = 0;
  readonly #turns = new PlannedTurn(() => this.#flush());
  #idle: (() => void)[] = [];

  /** @param reports is told of jobs that are cancelled, and of those that could not be */
  constructor(jobs: PoolJobs, reports: CancelReports) {
    this.#jobs = jobs;
    this.#reports = reports;
  }

  /** Submits a chunk, together with all others of the same turn of the event loop. */
  submit(chunk: Chunk): void {
    this.#begin(chunk);
    this.#single.push(chunk);
    this.#turns.plan();
  }

  /** Submits the chunks of a source as fast as the queue takes them. */
  submitAll(source: ChunkSource): void {
    this.#sources.push(source);
    this.#turns.plan();
  }

  /** The chunks that have not ended. */
  get open(): Chunk[] {
    return [...this.#open];
  }

  /** Resolves when all chunks have ended, or the time is over. */
  async whenIdle(ms = Number.POSITIVE_INFINITY): Promise<void> {
    let isOver = false;
    const timer = new Timer(ms, () => {
      isOver = true;
      this.#checkIdle(true);
    });
    while (!this.#isIdle && !isOver) await new Promise<void>((resolve) => this.#idle.push(resolve));
    timer.clear();
  }

  /**
   * Ends chunks with an error, and cancels their jobs, also those that are being put. Resolves when the queue has been told. A
   * put that takes long, as where it waits for room in the queue, is given up.
   *
   * @param sink only those of which it takes the outcomes; undefined for all
   */
  async drop(error: unknown, sink?: OutcomeSink): Promise<void> {
    const ids = this.#endAll(error, sink);
    await Promise.all([cancelJobs(ids, this.#jobs, this.#reports), this.#endPuts()]);
  }

  /** Ends all chunks with an error. Their jobs go on. */
  leave(error: unknown): void {
    for (const chunk of this.#open) chunk.isLeft = true;
    this.#endAll(error, undefined);
  }

  /** Ends chunks with an error. The ids of their jobs. */
  #endAll(error: unknown, sink: OutcomeSink | undefined): string[] {
    for (const source of this.#sources.splice(0)) {
      if (sink === undefined || source.sink === sink) source.abandon(error);
      else this.#sources.push(source);
    }
    const ids: string[] = [];
    for (const chunk of this.#open) {
      if (chunk.isOver || (sink !== undefined && chunk.sink !== sink)) continue;
      if (chunk.id !== undefined) ids.push(chunk.id);
      chunk.fail(error);
    }
    return ids;
  }

  /** Waits for the puts of which nothing is wanted any more. */
  async #endPuts(): Promise<void> {
    const unwanted = [...this.#puts].filter(({ chunks }) => chunks.every(({ isOver, isLeft }) => isOver && !isLeft));
    const timer = new Timer(unwanted.length === 0 ? Number.POSITIVE_INFINITY : DROPPED_PUT_MS, () => {
      for (const { giveUp } of unwanted) giveUp.abort();
    });
    await Promise.all(unwanted.map(({ ended }) => ended));
    timer.clear();
  }

  get #isIdle(): boolean {
    return this.#open.size === 0 && this.#sources.length === 0;
  }

  #begin(chunk: Chunk): void {
    chunk.queue = this.#jobs.queue;
    chunk.events = this;
    this.#open.add(chunk);
  }

  /** @internal Of `ChunkEvents`. */
  ended(chunk: Chunk, rest: Chunk | undefined): void {
    this.#open.delete(chunk);
    if (chunk.isSent) this.#sent -= 1;
    if (rest !== undefined) {
      this.#begin(rest);
      this.#first.push({ chunks: [rest], key: rest.restKey ?? newKey() });
    }
    if (rest !== undefined || this.#sources.length > 0 || this.#single.length > 0) this.#turns.plan();
    this.#checkIdle();
  }

  /** @param isLate whether those that wait are to look anyway */
  #checkIdle(isLate = false): void {
    if (!this.#isIdle && !isLate) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #flush(): void {
    while (this.#putsUnderWay < PUTS_MAX) {
      const batch = this.#nextBatch();
      if (batch === undefined) break;
      this.#put(batch);
    }
    this.#checkIdle();
  }

  #nextBatch(): Batch | undefined {
    const first = this.#first.shift();
    if (first !== undefined || this.#sent >= SENT_MAX) return first;
    const single = this.#nextSingle();
    if (single !== undefined) return single;
    for (let source = this.#sources[0]; source !== undefined; source = this.#sources[0]) {
      const batch = source.nextBatch();
      for (const chunk of batch?.chunks ?? []) this.#begin(chunk);
      if (batch !== undefined) return batch;
      this.#sources.shift();
    }
    return undefined;
  }

  /** Of those that were submitted one by one. */
  #nextSingle(): Batch | undefined {
    const chunks: Chunk[] = [];
    let bytes = 0;
    let taken = 0;
    for (const chunk of this.#single) {
      if (!hasRoom(chunks, bytes)) break;
      taken += 1;
      if (chunk.isOver) continue;
      chunks.push(chunk);
      bytes += chunk.bytes;
    }
    this.#single = this.#single.slice(taken);
    return chunks.length === 0 ? undefined : { chunks, key: newKey() };
  }

  #put(batch: Batch): void {
    const { chunks } = batch;
    if (chunks.every(({ isOver }) => isOver)) {
      this.#turns.plan();
      return;
    }
    this.#putsUnderWay += 1;
    for (const chunk of chunks) this.#send(chunk);
    const giveUp = new AbortController();
    const ended = this.#store(batch, giveUp.signal).finally(() => this.#puts.delete(put));
    const put: Put = { chunks, giveUp, ended };
    this.#puts.add(put);
  }

  async #store({ chunks, key }: Batch, signal: AbortSignal): Promise<void> {
    const unwanted: string[] = [];
    try {
      const ids = await this.#jobs.put(chunks, key, signal);
      for (const [index, chunk] of chunks.entries()) {
        const id = ids[index] as string;
        chunk.put(id);
        if (!chunk.isOver) this.#watch(chunk, id);
        else if (!chunk.isLeft) unwanted.push(id);
      }
    } catch (error) {
      if (chunks.length > 1 && isTooMany(error)) this.#halve({ chunks, key });
      else for (const chunk of chunks) chunk.failed(error);
    } finally {
      this.#putsUnderWay -= 1;
      this.#turns.plan();
    }
    await cancelJobs(unwanted, this.#jobs, this.#reports);
  }

  #send(chunk: Chunk): void {
    if (chunk.isOver || chunk.isSent) return;
    chunk.isSent = true;
    this.#sent += 1;
  }

  #watch(chunk: Chunk, id: string): void {
    const leave = this.#jobs.watch(id, chunk);
    if (chunk.isOver) leave();
    else chunk.leave = leave;
  }

  /** For a queue that never has room for so many. */
  #halve({ chunks, key }: Batch): void {
    const half = Math.ceil(chunks.length / 2);
    this.#first.unshift(
      { chunks: chunks.slice(0, half), key: partKey("a", key) },
      { chunks: chunks.slice(half), key: partKey("b", key) },
    );
  }
}

/** Whether the queue's `maxSize` is less than the messages of a put. */
function isTooMany(error: unknown): boolean {
  return error instanceof Invalid && !(error instanceof TooLarge) && error.errors[0]?.path === "messages";
}
