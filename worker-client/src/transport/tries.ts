import { type Deadline, GRACE_SECONDS } from "../base/deadline.ts";
import { QueueError } from "../base/errors.ts";
import { type Instant, instant, msSince } from "../base/instant.ts";
import { sleep, Timer } from "../base/platform.ts";
import type { Place } from "../base/problem-errors.ts";
import { retrying } from "../base/retry.ts";
import { closed, finalRefusal, type History, type Outcome, type RetryPolicy, retryMsOf, unavailable } from "./call.ts";

/** How long an answer may take beyond the requested wait, in milliseconds. After that the try counts as lost. */
const ANSWER_MS = 15_000;
/** The same for a call that is not sent a second time. */
const LONG_ANSWER_MS = 60_000;
/** The least time of a try after the first, in milliseconds, also if less is left. */
const LAST_TRY_MS = 1_000;
/** The pause between tries in the grace after a call's time, in milliseconds. */
const SHORT_PAUSE_MS = 50;

/** A try that has failed. */
interface Failure {
  cause: unknown;
  mayBeApplied: boolean;
  /** The least time before the next try, in milliseconds. Default: as soon as the retries have it. */
  pauseMs?: number | undefined;
}

/** The outcome of a try: the answer's value, the error of a refusal, or why the outcome is unknown. */
export type Try<Value> = { value: Value } | { refusal: QueueError } | Failure;

/** One call: whom it asks, how often it is tried and until when. */
export interface Tried {
  place: Place;
  policy: RetryPolicy;
  /** How long the server is asked to wait. */
  waitSeconds?: number | undefined;
  /** What happened to it on another route before. */
  history?: History | undefined;
}

/** Tries calls, each until it has an answer or its time is over. */
export class Tries {
  readonly #retryMs: number;
  /** Tries and pauses that run: each ends when this is closed. */
  readonly #open = new Set<AbortController>();
  #isClosed = false;

  /** @param retrySeconds for how long a call is tried again that does not say it itself */
  constructor(retrySeconds: number) {
    this.#retryMs = retrySeconds * 1_000;
  }

  /** Ends all tries. Their calls, and later ones, throw `Closed`. */
  close(): void {
    this.#isClosed = true;
    for (const open of this.#open) open.abort();
  }

  /**
   * Tries a call until it has an answer, as `Route.send` does.
   *
   * @param once one try, which does not reject, and ends when the signal is aborted
   */
  async run<Value>(tried: Tried, once: (signal: AbortSignal) => Promise<Try<Value>>): Promise<Outcome<Value>> {
    const { place, policy, history } = tried;
    const { isRepeatable = true, signal, deadline } = policy;
    const retryMs = retryMsOf(policy, this.#retryMs);
    let { wasTried, outage } = history ?? { wasTried: false, outage: undefined };
    let last: Failure | undefined;
    const isLate = () => outage !== undefined && isOverdue(deadline, outage);
    const throwIfEnded = () => {
      signal?.throwIfAborted();
      if (this.#isClosed) throw closed(place, wasTried);
    };
    const attempt = async (): Promise<{ result: Outcome<Value> } | undefined> => {
      throwIfEnded();
      const begun = instant();
      const answer = await this.#try(policy, tryMsOf(tried, retryMs, outage), once);
      if ("value" in answer) return { result: { value: answer.value, isRepeated: wasTried } };
      if ("refusal" in answer) throw finalRefusal(policy, answer.refusal, wasTried);
      wasTried ||= answer.mayBeApplied;
      throwIfEnded();
      outage ??= begun;
      last = answer;
      const isOver = msSince(outage) >= retryMs || isLate();
      if ((!isRepeatable && wasTried) || isOver) throw unavailable(place, outage, wasTried, last.cause);
      return undefined;
    };
    return retrying(attempt, async (ms) => {
      await this.#pause(Math.min(Math.max(ms, last?.pauseMs ?? 0), deadline?.leftMs || SHORT_PAUSE_MS), signal);
      if (isLate()) throw unavailable(place, outage, wasTried, last?.cause);
    });
  }

  async #try<Value>(
    { signal, letsTryEnd = false }: RetryPolicy,
    ms: number,
    once: (signal: AbortSignal) => Promise<Try<Value>>,
  ): Promise<Try<Value>> {
    const lost = this.#begin(letsTryEnd ? undefined : signal);
    let late: QueueError | undefined;
    const timer = new Timer(ms, () => {
      late = new QueueError("No answer came in time", { code: "timeout" });
      lost.abort();
    });
    try {
      const answer = await once(lost.signal);
      return late !== undefined && "cause" in answer ? { ...answer, cause: late } : answer;
    } finally {
      timer.clear();
      lost.end();
    }
  }

  /** A signal that is aborted when this is closed, or with the given signal. */
  #begin(signal: AbortSignal | undefined) {
    const controller = new AbortController();
    const abort = () => controller.abort();
    this.#open.add(controller);
    signal?.addEventListener("abort", abort, { once: true });
    if (signal?.aborted) abort();
    const end = () => {
      this.#open.delete(controller);
      signal?.removeEventListener("abort", abort);
    };
    return { signal: controller.signal, abort, end };
  }

  async #pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
    const pause = this.#begin(signal);
    try {
      await sleep(ms, pause.signal);
    } catch {
      signal?.throwIfAborted();
    } finally {
      pause.end();
    }
  }
}

/** Whether its time has passed, in an outage that lasts longer than a lost connection does. */
function isOverdue(deadline: Deadline | undefined, outage: Instant): boolean {
  if (deadline === undefined || deadline.leftMs > 0) return false;
  return deadline.graceLeftMs === 0 || msSince(outage) > GRACE_SECONDS * 1_000;
}

/** How long a try may take: it does not outlive its call. */
function tryMsOf({ policy, waitSeconds = 0 }: Tried, retryMs: number, outage: Instant | undefined): number {
  const answerMs = (policy.isRepeatable ?? true) ? ANSWER_MS : LONG_ANSWER_MS;
  const ms = Math.ceil(waitSeconds * 1_000) + answerMs;
  const retryLeftMs = outage === undefined ? ms : Math.max(LAST_TRY_MS, retryMs - msSince(outage));
  return Math.min(ms, retryLeftMs, policy.deadline?.graceLeftMs ?? Number.POSITIVE_INFINITY);
}
