import { Closed, Invalid, type QueueError } from "../base/errors.ts";
import { isPromise } from "../base/platform.ts";
import type { WorkerReports } from "../events/worker-reports.ts";
import type { Worker } from "../workers/worker.ts";
import { Chunk } from "./chunk.ts";
import { piecesOf } from "./chunk-text.ts";
import { InputReader, type Inputs } from "./input-reader.ts";
import { failed, type OutcomeSink } from "./outcomes.ts";
import { OutcomeIterator } from "./pool-iterator.ts";
import type { PoolJobs } from "./pool-jobs.ts";
import { type ChunkSource, Submitter } from "./submitter.ts";

/** Why a worker ends that its pool has not ended. */
const WORKER_ENDS = "a signal has ended it, its manager was closed, or its queue was shut down";

/** How long after the end of the worker the last results may come, in milliseconds. */
const TOLD_MS = 500;

/** What a pool is made of. */
export interface PoolParts {
  /** How the pool is named in a sentence: `The pool of square (numbers)`. */
  name: string;
  jobs: PoolJobs;
  reports: WorkerReports;
  /** The worker that it has started; undefined if workers elsewhere do its work. */
  worker: Worker | undefined;
  /** How many inputs are worked on at the same time, as far as is known. */
  workers: number;
}

/** How an iterator reads its inputs. */
interface IterationRules {
  call: string;
  task: string;
  isOrdered: boolean;
  chunkSize: number;
  bufferSize: number;
  timeoutSeconds?: number | undefined;
  /** Whether the list is not read any more where the caller has gone away with an error. */
  endsWithError: boolean;
}

/** What pools and executors share: the jobs that they have submitted, their worker, and their end. */
export class Engine {
  readonly workers: number;
  readonly #name: string;
  readonly #reports: WorkerReports;
  readonly #worker: Worker | undefined;
  readonly #submitter: Submitter;
  /** Those that read, and whether the rest of their lists is wanted. */
  readonly #readers = new Map<InputReader, () => boolean>();
  /** Why it takes no more work; undefined while it does. */
  #refusal: string | undefined;
  #cause: QueueError | undefined;
  #ending: Promise<void> | undefined;

  constructor({ name, jobs, reports, worker, workers }: PoolParts) {
    this.#name = name;
    this.#reports = reports;
    this.#worker = worker;
    this.workers = workers;
    this.#submitter = new Submitter(jobs, reports);
    worker?.finished.then(
      () => this.#workerEnded(),
      (error: unknown) => this.#break(error as QueueError),
    );
  }

  /** @throws {Closed} if it takes no more work */
  assertRunning(): void {
    if (this.#refusal === undefined) return;
    throw new Closed(`${this.#name} is not running: ${this.#refusal}`, { cause: this.#cause });
  }

  /** Submits one input. Its chunk; undefined if it cannot be sent, which its sink has been told then. */
  submit(task: string, input: unknown, sink: OutcomeSink): Chunk | undefined {
    let submitted: Chunk | undefined;
    for (const piece of piecesOf([input], 1)) {
      if ("error" in piece) {
        sink.took(failed(0, 1, piece.error));
        continue;
      }
      submitted = new Chunk(task, piece, sink);
      this.#submitter.submit(submitted);
    }
    return submitted;
  }

  submitAll(source: ChunkSource): void {
    this.#submitter.submitAll(source);
  }

  /** Gives what becomes of inputs, which are read as there is room. */
  iterate(inputs: Inputs<unknown>, rules: IterationRules): OutcomeIterator {
    const { call, task, chunkSize, isOrdered, timeoutSeconds, endsWithError } = rules;
    const iterator = new OutcomeIterator(
      { isOrdered, task, timeoutSeconds },
      {
        yielded: () => reader?.wake(),
        returned: async () => {
          reader?.stop(undefined);
          await this.#submitter.drop(new Closed(`The results of ${task} are not read any more.`), iterator);
        },
      },
    );
    let isRead = false;
    const reader: InputReader = new InputReader(call, inputs, rules, {
      yielded: () => iterator.yielded,
      read: (read, begin) => {
        for (const piece of piecesOf(read, chunkSize, begin)) {
          if ("error" in piece) iterator.took(failed(piece.begin, 1, piece.error));
          else this.#submitter.submit(new Chunk(task, piece, iterator));
        }
      },
      ended: (place, failure) => {
        if (failure !== undefined) iterator.took(failed(place, 1, failure.error));
        iterator.ended(failure === undefined ? place : place + 1);
        isRead = true;
      },
    });
    if (!isRead) {
      this.#readers.set(reader, () => !(endsWithError && iterator.isLeftAtError));
      void reader.finished.then(() => this.#readers.delete(reader));
    }
    return iterator;
  }

  /** Calls a function of the program: what it throws is reported. */
  call<Value>(what: string, callback: ((value: Value) => unknown) | undefined, value: Value): void {
    const report = (error: unknown) => this.report(error, ` ${what} failed:`);
    try {
      const returned = callback?.(value);
      if (isPromise(returned)) returned.then(undefined, report);
    } catch (error) {
      report(error);
    }
  }

  /** @param what comes before the error where that is printed */
  report(error: unknown, what: string): void {
    this.#reports.error(error, undefined, what);
  }

  drop(error: unknown, sink?: OutcomeSink): Promise<void> {
    return this.#submitter.drop(error, sink);
  }

  /** Reads no more inputs. What was submitted and has not ended. */
  stopReading(): Chunk[] {
    for (const reader of this.#readers.keys()) reader.stop(undefined);
    return this.#submitter.open;
  }

  /** Takes no more work. Its worker ends when all that was submitted has ended. */
  close(): void {
    this.#refusal ??= "it was closed. Make another one.";
    for (const [reader, isWanted] of this.#readers) if (!isWanted()) reader.stop(undefined);
    this.#ending ??= this.#endWhenIdle();
  }

  /** Resolves when all that was submitted has ended, and the worker with it. */
  async join(): Promise<void> {
    if (this.#ending === undefined) {
      throw new Invalid(`${this.#name} is still running: call close() or terminate() before join().`);
    }
    for (const [reader, isWanted] of this.#readers) {
      if (isWanted()) reader.unbind();
      else reader.stop(undefined);
    }
    await this.#ending;
  }

  /** Ends at once: what has not ended is dropped. */
  async terminate(): Promise<void> {
    this.#refusal ??= "it was terminated. Make another one.";
    const error = new Closed(`${this.#name} was terminated before this had ended.`);
    this.#failReading(error);
    const dropped = this.#submitter.drop(error);
    // A worker that has failed has told so.
    const closed = this.#worker?.close({ timeoutSeconds: 0 }).catch(() => undefined);
    this.#ending = Promise.all([dropped, closed]).then(() => undefined);
    await this.#ending;
  }

  #failReading(error: unknown): void {
    for (const reader of this.#readers.keys()) reader.stop({ error });
  }

  async #endWhenIdle(): Promise<void> {
    while (this.#readers.size > 0) await Promise.all([...this.#readers.keys()].map(({ finished }) => finished));
    await this.#submitter.whenIdle();
    await this.#worker?.close().catch(() => undefined);
  }

  /** The worker has ended before the pool has. */
  async #workerEnded(): Promise<void> {
    this.#refusal ??= `its worker has ended: ${WORKER_ENDS}. Make another one.`;
    // What the worker has done may not have been told yet.
    await this.#submitter.whenIdle(TOLD_MS);
    const error = new Closed(
      `${this.#name} has no worker any more: ${WORKER_ENDS}. What it had submitted is left to workers elsewhere.`,
    );
    this.#failReading(error);
    this.#submitter.leave(error);
  }

  /** The worker has failed: nothing of what waits would be done here. */
  #break(error: QueueError): void {
    this.#refusal ??= `its worker has failed: ${error.message}`;
    this.#cause = error;
    this.#failReading(error);
    void this.#submitter.drop(error);
  }
}
