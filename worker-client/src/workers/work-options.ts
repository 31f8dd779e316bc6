import { checkFunction, checkNumber, checkOptions, type Known } from "../base/check-options.ts";
import { TIMEOUT_SECONDS_MAX, TIMEOUT_SECONDS_MIN } from "../base/timeout-limits.ts";
import { checkLogger, type Logger } from "../events/log.ts";
import type { OnError } from "../events/worker-reports.ts";

/** The options of `Queue.work`. */
export interface WorkOptions {
  /** How many messages are worked on at the same time: 1 to 10,000. Default 1. */
  concurrency?: number | undefined;
  /**
   * How many more messages wait in this worker, so that the next can begin as soon as one is done: 0 to 10,000. They
   * are not available to other workers. Default: as many as are worked on in a moment, by how long the last handlers
   * took, and none where a handler takes long. What waits and is not begun when the worker dies has used up no attempt.
   * Over HTTP nothing waits.
   */
  prefetch?: number | undefined;
  /**
   * How long after its last extension a message is redelivered, in seconds: 1 to 43,200. Default: what the
   * queue is configured to. It is extended for as long as the handler runs, so that it need not cover the work.
   */
  leaseSeconds?: number | undefined;
  /**
   * How long a handler may take: more than 0. Then its message's signal is aborted, the message is given back as after
   * a failure, and the next one begins. A chunk of a pool may take as much for each of its inputs. Default: no limit.
   */
  timeoutSeconds?: number | undefined;
  /** Closes the worker. */
  signal?: AbortSignal | undefined;
  /**
   * How long handlers may go on after the process gets SIGTERM or SIGINT: 0 to 86,400. The worker takes nothing more then;
   * afterwards it gives back what still runs, without an attempt counted; a second signal gives it back at once. When all
   * such workers of the process have ended, the signal does what it would have done, unless the program listens for it
   * too. Default: 10 where handlers run in threads or processes, else signals are left to the program. In Workers and
   * browsers there are none.
   */
  shutdownSeconds?: number | undefined;
  /**
   * Called with what went wrong: what a handler threw, a lease that ended before its handler, and, without a message,
   * that a thread or process that runs handlers has died, that the server cannot be reached (after 5 seconds, then every
   * minute) and that it is back. Default: printed with `console.error`, unless there is a `logger`, or a listener of the
   * event `failed`, `lost`, `crashed` or `error` that tells it.
   */
  onError?: OnError | undefined;
  /**
   * Writes a line for each event, whether it has listeners or not, and what handlers of tasks log: `console`, or a logger of
   * pino or winston. Default: none; what handlers of tasks log goes to `console`.
   */
  logger?: Logger | undefined;
}

/** The bounds of the time that handlers may take when their worker ends, in seconds. */
const CLOSING_SECONDS = { min: 0, max: 86_400 };

/** The options of `Worker.close` and `QueueManager.close`. */
export interface CloseOptions {
  /**
   * How long to wait for handlers that run: 0 to 86,400. Then their messages are given back, without an attempt counted.
   * Default: until they end.
   */
  timeoutSeconds?: number | undefined;
}

const WORK_OPTIONS: Known<WorkOptions> = {
  concurrency: true,
  prefetch: true,
  leaseSeconds: true,
  timeoutSeconds: true,
  signal: true,
  shutdownSeconds: true,
  onError: true,
  logger: true,
};

const CLOSE_OPTIONS: Known<CloseOptions> = { timeoutSeconds: true };

/**
 * Throws a `TypeError` or a `RangeError` for an unknown option or a wrong value.
 *
 * @param others more options that there are, which are checked elsewhere
 */
export function checkWorkOptions(options: WorkOptions, others: Readonly<Record<string, unknown>> = {}): void {
  checkOptions("work()", options, { ...WORK_OPTIONS, ...others });
  const { concurrency, prefetch, leaseSeconds, timeoutSeconds, shutdownSeconds, onError } = options;
  if (concurrency !== undefined) checkNumber("concurrency", concurrency, { min: 1, max: 10_000, isInteger: true });
  if (prefetch !== undefined) checkNumber("prefetch", prefetch, { min: 0, max: 10_000, isInteger: true });
  if (leaseSeconds !== undefined) checkNumber("leaseSeconds", leaseSeconds, { min: 1, max: 43_200 });
  if (timeoutSeconds !== undefined)
    checkNumber("timeoutSeconds", timeoutSeconds, { min: TIMEOUT_SECONDS_MIN, max: TIMEOUT_SECONDS_MAX });
  if (shutdownSeconds !== undefined) checkNumber("shutdownSeconds", shutdownSeconds, CLOSING_SECONDS);
  if (onError !== undefined) checkFunction("onError", onError);
  checkLogger(options.logger);
}

/** Throws a `TypeError` or a `RangeError` for a wrong option of `close()`. */
export function checkCloseOptions(options: CloseOptions): void {
  checkOptions("close()", options, CLOSE_OPTIONS);
  const { timeoutSeconds } = options;
  if (timeoutSeconds !== undefined) checkNumber("timeoutSeconds", timeoutSeconds, CLOSING_SECONDS);
}
