import { checkFunction, checkNumber, checkOptions, type Known, shown } from "../base/check-options.ts";
import { checkedKey } from "../base/idempotency-keys.ts";
import type { TaskWorkOptions } from "../jobs/task-work.ts";
import { checkWorkOptions } from "../workers/work-options.ts";
import type { CallbackOptions } from "./async-result.ts";

/** The options of `QueueManager.pool` and `QueueManager.executor`. */
export interface PoolOptions
  extends Pick<TaskWorkOptions, "concurrency" | "prefetch" | "leaseSeconds" | "timeoutSeconds" | "logger" | "onError"> {
  /** 0: the pool starts none, and workers elsewhere do its work. */
  processes?: number | undefined;
  isolation?: "event-loop" | "threads" | "processes" | undefined;
  maxTasksPerProcess?: number | undefined;
  shutdownSeconds?: number | undefined;
}

/** The options of `Pool.map`. */
export interface MapOptions {
  /**
   * How many inputs are in a message: 1 to 1,000,000. Default: so many that each worker gets four, as Python. A message has
   * about 256 KiB at most.
   */
  chunkSize?: number | undefined;
  /**
   * Calls under one key are one call: a program that died, and calls again with the same inputs and the same `chunkSize`,
   * gets the same results, and nothing is done twice. 1 to 200 visible ASCII characters. The queue remembers keys for its
   * `idempotencySeconds`.
   */
  idempotencyKey?: string | undefined;
  /** Cancels what has not ended; the result is the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** The options of `Pool.mapAsync`. */
export interface MapAsyncOptions<Result> extends MapOptions, CallbackOptions<Result[]> {}

/** The options of `Pool.imap` and `Pool.imapUnordered`. */
export interface ImapOptions {
  /** How many inputs are in a message: 1 to 1,000,000. Default 1. */
  chunkSize?: number | undefined;
  /**
   * How many inputs may be submitted whose results have not been read: 1 to 1,000,000. No further input is read while there
   * are as many. Default: 1,000 times `chunkSize`, and 1,000,000 at most.
   */
  bufferSize?: number | undefined;
}

/** The options of `Executor.map`. */
export interface ExecutorMapOptions extends ImapOptions {
  /** How long all of it may take, counted from the call: 0 or more. Then `next` throws `Timeout`, and the rest is cancelled. */
  timeoutSeconds?: number | undefined;
}

/** How many inputs a message may have. */
const CHUNK_SIZE_MAX = 1_000_000;

const BUFFER_SIZE_MAX = 1_000_000;

/** How many chunks are submitted and not read, unless it is said. */
const BUFFER_CHUNKS = 1_000;

/** Messages for each worker, unless the size of chunks is said: as in Python. */
const CHUNKS_PER_WORKER = 4;

/** A longer key would leave no room for what distinguishes the batches of one call. */
const KEY_CHARACTERS_MAX = 200;

const POOL_OPTIONS: Known<PoolOptions> = {
  ...{ processes: true, isolation: true, maxTasksPerProcess: true, shutdownSeconds: true },
  ...{ concurrency: true, prefetch: true, leaseSeconds: true, timeoutSeconds: true, logger: true, onError: true },
};
const CALLBACK_OPTIONS: Known<CallbackOptions<unknown>> = { callback: true, errorCallback: true };
const MAP_OPTIONS: Known<MapAsyncOptions<unknown>> = {
  ...{ chunkSize: true, idempotencyKey: true, signal: true },
  ...CALLBACK_OPTIONS,
};
const IMAP_OPTIONS: Known<ImapOptions> = { chunkSize: true, bufferSize: true };
const EXECUTOR_MAP_OPTIONS: Known<ExecutorMapOptions> = { ...IMAP_OPTIONS, timeoutSeconds: true };

/** What `manager.work` is given; undefined if the pool starts no workers. */
export function workOptionsOf(
  call: string,
  options: PoolOptions,
  hasRegistry: boolean,
): { options: TaskWorkOptions; workers: number } | undefined {
  checkOptions(call, options, POOL_OPTIONS);
  const { processes, isolation, ...rest } = options;
  checkWorkOptions(rest as TaskWorkOptions);
  if (processes === 0 || !hasRegistry) {
    if (processes !== undefined && processes !== 0) {
      throw new TypeError(
        `${call} starts workers only of a registry that defineTasks() has made; of a queue's name, processes must be 0.`,
      );
    }
    return undefined;
  }
  if (isolation !== "event-loop") {
    throw new TypeError(`isolation must be "event-loop", not ${shown(isolation)}.`);
  }
  return { options: { ...rest } as TaskWorkOptions, workers: options.concurrency ?? 1 };
}

export function checkCallbacks<Result>(call: string, options: CallbackOptions<Result>): void {
  checkOptions(call, options, CALLBACK_OPTIONS);
  checkCallbackFunctions(options as CallbackOptions<unknown>);
}

/**
 * The options of `map`, checked.
 *
 * @param workers how many inputs are worked on at the same time
 */
export function mapRulesOf<Result>(
  call: string,
  options: MapAsyncOptions<Result>,
  count: number,
  workers: number,
): { chunkSize: number; key: string | undefined } {
  checkOptions(call, options, MAP_OPTIONS as Known<MapAsyncOptions<Result>>);
  checkCallbackFunctions(options as CallbackOptions<unknown>);
  const { chunkSize, idempotencyKey } = options;
  checkChunkSize(chunkSize);
  const ofWorkers = Math.min(CHUNK_SIZE_MAX, Math.max(1, Math.ceil(count / (workers * CHUNKS_PER_WORKER))));
  const key = idempotencyKey === undefined ? undefined : checkedKey(idempotencyKey);
  if (key !== undefined && key.length > KEY_CHARACTERS_MAX) {
    throw new RangeError(
      `The idempotencyKey of ${call} must have at most ${KEY_CHARACTERS_MAX} characters, not ${key.length}.`,
    );
  }
  return { chunkSize: chunkSize ?? ofWorkers, key };
}

/** The options of `imap`, checked. */
export function imapRulesOf(call: string, options: ImapOptions): { chunkSize: number; bufferSize: number } {
  checkOptions(call, options, IMAP_OPTIONS);
  const { chunkSize = 1, bufferSize } = options;
  checkChunkSize(chunkSize);
  if (bufferSize !== undefined) {
    checkNumber("bufferSize", bufferSize, { min: 1, max: BUFFER_SIZE_MAX, isInteger: true });
  }
  return { chunkSize, bufferSize: bufferSize ?? Math.min(BUFFER_SIZE_MAX, BUFFER_CHUNKS * chunkSize) };
}

/** The options of `Executor.map`, checked. */
export function executorMapRulesOf(options: ExecutorMapOptions): ReturnType<typeof imapRulesOf> {
  checkOptions("map()", options, EXECUTOR_MAP_OPTIONS);
  const { timeoutSeconds, ...imap } = options;
  if (timeoutSeconds !== undefined) checkNumber("timeoutSeconds", timeoutSeconds, { min: 0 });
  return imapRulesOf("map()", imap);
}

function checkCallbackFunctions({ callback, errorCallback }: CallbackOptions<unknown>): void {
  if (callback !== undefined) checkFunction("callback", callback);
  if (errorCallback !== undefined) checkFunction("errorCallback", errorCallback);
}

function checkChunkSize(chunkSize: number | undefined): void {
  if (chunkSize !== undefined) {
    checkNumber("chunkSize", chunkSize, { min: 1, max: CHUNK_SIZE_MAX, isInteger: true });
  }
}
