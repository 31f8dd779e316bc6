import { checkFunction, checkNumber, checkOptions, type Known } from "../base/check-options.ts";
import { checkedKey } from "../base/idempotency-keys.ts";
import { type Isolation, isolationOf, type TaskWorkOptions } from "../isolation/isolation-options.ts";
import { checkWorkOptions } from "../workers/work-options.ts";
import type { CallbackOptions } from "./async-result.ts";

/** The options of `QueueManager.pool` and `QueueManager.executor`: those of `work`, but for `signal`. */
export interface PoolOptions extends Omit<TaskWorkOptions, "signal" | "processes" | "isolation"> {
  /**
   * How many threads or processes it starts: 0 to 256. 0: none, so that workers elsewhere do the work. Default: as many as the
   * machine has processors; 0 where it is given no registry.
   */
  processes?: number | undefined;
  /**
   * Where handlers run: `processes`, `threads`, or `event-loop`: in that of this process, `concurrency` at the same time. Default
   * `processes`, for which the registry needs its `module`.
   */
  isolation?: Isolation | undefined;
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

/**
 * What `work` of the manager is given, and how many inputs are worked on at the same time then; undefined if the pool starts no
 * workers.
 */
export function workOptionsOf(
  call: string,
  options: PoolOptions,
  hasRegistry: boolean,
): { options: TaskWorkOptions; workers: number } | undefined {
  checkOptions(call, options, POOL_OPTIONS);
  const { isolation = "processes", processes, maxTasksPerProcess, ...rest } = options;
  checkWorkOptions(rest);
  if (processes === 0) return undefined;
  const resolved = isolationOf({ isolation, processes, maxTasksPerProcess });
  if (hasRegistry) {
    const workers = (resolved?.processes ?? 1) * (rest.concurrency ?? 1);
    return { options: { ...rest, isolation, processes, maxTasksPerProcess }, workers };
  }
  if (processes === undefined) return undefined;
  throw new TypeError(
    `${call} starts workers only for a registry, as defineTasks() makes it: for the name of a queue, processes must be 0.`,
  );
}

/** Throws a `TypeError` for callbacks that are no functions. */
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
