import { newKey } from "../base/idempotency-keys.ts";
import { Chunk } from "./chunk.ts";
import { piecesOf } from "./chunk-text.ts";
import type { Ending } from "./ending.ts";
import { failed, type OutcomeSink, type Outcomes } from "./outcomes.ts";
import { partKey } from "./part-key.ts";
import { type Batch, type ChunkSource, hasRoom } from "./submitter.ts";

/** More lists of results are not copied as a whole. */
const COPIED_LISTS_MAX = 1_000;

/** What one call of `map` does. */
interface MapWork {
  task: string;
  inputs: readonly unknown[];
  chunkSize: number;
  /** Undefined for a new one. */
  key: string | undefined;
}

/** The chunks of a list of inputs, made as there is room for them, and the list of their results. */
export class ResultList implements ChunkSource, OutcomeSink {
  readonly #work: MapWork;
  readonly #pieces: ReturnType<typeof piecesOf>;
  readonly #ending: Ending<unknown[]>;
  /** The results of neighbouring inputs, by the place of the first of them. */
  readonly #parts = new Map<number, readonly unknown[]>();
  #left: number;
  /** The place of the first input that has not been asked for. */
  #taken = 0;
  #batches = 0;
  /** The error of the first input in order that has one. */
  #error: { index: number; error: unknown } | undefined;

  constructor(work: MapWork, ending: Ending<unknown[]>) {
    this.#work = work;
    this.#ending = ending;
    const { length } = work.inputs;
    this.#pieces = piecesOf(work.inputs, work.chunkSize);
    this.#left = length;
  }

  get sink(): OutcomeSink {
    return this;
  }

  nextBatch(): Batch | undefined {
    const chunks: Chunk[] = [];
    let bytes = 0;
    while (hasRoom(chunks, bytes)) {
      const chunk = this.#nextChunk();
      if (chunk === undefined) break;
      chunks.push(chunk);
      bytes += chunk.bytes;
    }
    if (chunks.length === 0) return undefined;
    // A batch has its own key, and the same one whenever the call is repeated.
    const { key } = this.#work;
    const own = key === undefined ? newKey() : partKey(this.#batches, key);
    this.#batches += 1;
    return { chunks, key: own };
  }

  abandon(error: unknown): void {
    const { length } = this.#work.inputs;
    const begin = this.#taken;
    this.#taken = length;
    if (begin < length) this.took(failed(begin, length - begin, error));
  }

  took(outcomes: Outcomes): void {
    const { begin, count, values, errors, failure } = outcomes;
    this.#parts.set(begin, values);
    if (failure !== undefined) this.#failed(begin, failure.error);
    for (const [index, error] of errors ?? []) this.#failed(begin + index, error);
    this.#left -= count;
    if (this.#left > 0) return;
    if (this.#error === undefined) this.#ending.resolve(this.#results());
    else this.#ending.reject(this.#error.error);
  }

  /** All of them in order. */
  #results(): unknown[] {
    const lists = [...this.#parts].sort(([a], [b]) => a - b).map(([, values]) => values);
    // Lists of numbers are copied as a whole, and not value by value. A call takes a bounded number of arguments.
    return lists.length <= COPIED_LISTS_MAX ? ([] as unknown[]).concat(...lists) : lists.flat();
  }

  #failed(index: number, error: unknown): void {
    if (this.#error === undefined || index < this.#error.index) this.#error = { index, error };
  }

  /** What cannot be sent has ended at once. */
  #nextChunk(): Chunk | undefined {
    const { task, inputs, key } = this.#work;
    while (this.#taken < inputs.length) {
      const { value: piece } = this.#pieces.next();
      if (piece === undefined) return undefined;
      this.#taken = piece.begin + piece.count;
      if ("content" in piece) return new Chunk(task, piece, this, key);
      this.took(failed(piece.begin, 1, piece.error));
    }
    return undefined;
  }
}
