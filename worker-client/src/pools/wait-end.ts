import { checkNumber, checkOptions, type Known } from "../base/check-options.ts";
import type { Timeout } from "../base/job-errors.ts";
import { Timer } from "../base/platform.ts";

/** The options of `AsyncResult.wait`, and of others that wait and do not stop what they wait for. */
export interface TimeoutOptions {
  /** How long to wait: 0 or more. Default: for as long as it takes. */
  timeoutSeconds?: number | undefined;
}

/** The options of `AsyncResult.get` and `Future.result`. */
export interface GetResultOptions extends TimeoutOptions {
  /** Ends the wait with the signal's reason. The work goes on. */
  signal?: AbortSignal | undefined;
}

export const TIMEOUT_OPTIONS: Known<TimeoutOptions> = { timeoutSeconds: true };
export const GET_RESULT_OPTIONS: Known<GetResultOptions> = { ...TIMEOUT_OPTIONS, signal: true };

/** Throws a `TypeError` or a `RangeError` for a wrong option of a call that waits. */
export function checkTimeout<Options extends TimeoutOptions>(
  call: string,
  options: Options,
  known: Known<Options>,
): void {
  checkOptions(call, options, known);
  const { timeoutSeconds } = options;
  if (timeoutSeconds !== undefined) checkNumber("timeoutSeconds", timeoutSeconds, { min: 0 });
}

/**
 * Waits until it is called back.
 *
 * @param subscribe calls back once, also at once; returns how to leave
 * @throws what `late` makes, if the time is over before
 */
export function waitEnd(
  subscribe: (ended: () => void) => () => void,
  { timeoutSeconds = Number.POSITIVE_INFINITY, signal }: GetResultOptions,
  late: () => Timeout,
): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    let isOver = false;
    let leave: (() => void) | undefined;
    let timer: Timer | undefined;
    const end = (settle: () => void) => {
      if (isOver) return;
      isOver = true;
      timer?.clear();
      signal?.removeEventListener("abort", abort);
      leave?.();
      settle();
    };
    const abort = () => end(() => reject(signal?.reason));
    leave = subscribe(() => end(resolve));
    if (isOver) return;
    if (timeoutSeconds === 0) {
      end(() => reject(late()));
      return;
    }
    timer = new Timer(timeoutSeconds * 1_000, () => end(() => reject(late())));
    signal?.addEventListener("abort", abort, { once: true });
  });
}
