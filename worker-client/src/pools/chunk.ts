import type { JobReply } from "../../../src/api/types.ts";
import { QueueError } from "../base/errors.ts";
import { hasEnded } from "../base/job-ends.ts";
import { JobCancelled, JobFailed } from "../base/job-errors.ts";
import { chunkReplyOf, type ItemError } from "../jobs/chunk-reply.ts";
import type { JobListener } from "../jobs/watched-job.ts";
import { JsonText } from "../transport/put-messages.ts";
import { failed, type OutcomeSink, type Outcomes } from "./outcomes.ts";
import { partKey } from "./part-key.ts";
import type { PutChunk } from "./pool-jobs.ts";

/** What a chunk tells while it is under way. */
export interface ChunkEvents {
  /** It has ended. What is left of it, because its worker stopped before, is to be submitted under its `restKey`. */
  ended(chunk: Chunk, rest: Chunk | undefined): void;
}

/** Inputs of a task in one message, from their submission to their end. */
export class Chunk implements PutChunk, JobListener {
  readonly wantsAll = false;
  readonly task: string;
  readonly count: number;
  readonly content: JsonText | Uint8Array;
  /** About how many bytes it has. */
  readonly bytes: number;
  readonly sink: OutcomeSink;
  /** The place of its first input. */
  readonly begin: number;
  /** The key of its call; undefined if it has none. */
  readonly #callKey: string | undefined;
  /** The id of its job; undefined until the queue has stored it. */
  id: string | undefined;
  /** Whether it is being put, or was put. */
  isSent = false;
  /** Whether a worker was last seen to have begun with it. */
  isRunning = false;
  /** Whether what becomes of it is known, or not waited for any more. */
  isOver = false;
  /** Whether its job goes on although nothing here waits for it. */
  isLeft = false;
  /** Set when it is submitted. */
  events: ChunkEvents | undefined;
  /** Leaves the watch of its job. */
  leave: (() => void) | undefined;
  #storing: PromiseWithResolvers<void> | undefined;
  /** The name of its queue, for errors. */
  queue = "";

  constructor(
    task: string,
    part: { begin: number; count: number; content: JsonText | Uint8Array; bytes: number },
    sink: OutcomeSink,
    callKey?: string,
  ) {
    this.task = task;
    this.begin = part.begin;
    this.count = part.count;
    this.content = part.content;
    this.bytes = part.bytes;
    this.sink = sink;
    this.#callKey = callKey;
  }

  /** The key under which it is put where it is the rest of another one; undefined for any. */
  get restKey(): string | undefined {
    return this.#callKey === undefined ? undefined : partKey(`from-${this.begin}`, this.#callKey);
  }

  /** Resolves when the queue has stored it, or it is over. */
  get stored(): Promise<void> {
    if (this.id !== undefined || this.isOver) return Promise.resolve();
    this.#storing ??= Promise.withResolvers();
    return this.#storing.promise;
  }

  /** The queue has stored it under this id. */
  put(id: string): void {
    this.id = id;
    this.#storing?.resolve();
  }

  heard(view: JobReply): void {
    this.isRunning = view.state === "running";
    if (!hasEnded(view) || this.isOver) return;
    const { queue } = this;
    if (view.state === "failed") this.fail(new JobFailed({ queue, job: view }));
    else if (view.state === "cancelled") this.fail(new JobCancelled({ queue, job: view }));
    else this.#took(view, view.result);
  }

  failed(error: unknown): void {
    if (!this.isOver) this.fail(error);
  }

  /** None of its inputs has a result. */
  fail(error: unknown): void {
    this.#end(failed(this.begin, this.count, error), undefined);
  }

  #took(view: JobReply, result: unknown): void {
    const reply = chunkReplyOf(result, this.count);
    if (reply === undefined) {
      const text = `The job ${view.id} (${this.task}) of ${this.queue} has a result that is not that of a chunk of inputs: its worker is of an older version, or a handler acked the message itself. Update the worker, and let handlers return their results.`;
      this.fail(new QueueError(text, { code: "unexpected", queue: this.queue }));
      return;
    }
    const { results, errors, next } = reply;
    const outcomes: Outcomes = {
      ...{ begin: this.begin, count: results.length, values: results, failure: undefined },
      errors: errors === undefined ? undefined : this.#errorsOf(view, errors),
    };
    this.#end(outcomes, next === undefined ? undefined : this.#restFrom(next));
  }

  #errorsOf(view: JobReply, errors: Record<string, ItemError>): ReadonlyMap<number, unknown> {
    const { queue } = this;
    const failures = Object.entries(errors).map(([index, error]): [number, unknown] => {
      const job: JobReply = { ...view, state: "failed", error };
      return [Number(index), new JobFailed({ queue, job })];
    });
    return new Map(failures);
  }

  /** The inputs that its worker has not begun. */
  #restFrom(next: number): Chunk {
    const { task, begin, sink, content } = this;
    const inputs = JSON.parse((content as JsonText).text) as unknown[];
    const text = JSON.stringify(inputs.slice(next));
    const part = { begin: begin + next, count: this.count - next, content: new JsonText(text), bytes: text.length * 3 };
    return new Chunk(task, part, sink, this.#callKey);
  }

  #end(outcomes: Outcomes, rest: Chunk | undefined): void {
    this.isOver = true;
    this.#storing?.resolve();
    this.leave?.();
    // The rest comes first: else the pool would seem to have nothing more to do.
    this.events?.ended(this, rest);
    this.sink.took(outcomes);
  }
}
