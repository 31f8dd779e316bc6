import { type Deadline, GRACE_SECONDS } from "../base/deadline.ts";
import { QueueError } from "../base/errors.ts";
import { type Instant, instant, msSince } from "../base/instant.ts";
import { sleep, Timer } from "../base/platform.ts";
import { errorOf, isFinal, isNotApplied, isPassing, type Place, problemIn } from "../base/problem-errors.ts";
import { isObject } from "../base/reply-shapes.ts";
import { retrying } from "../base/retry.ts";
import { closed, finalRefusal, type History, type Outcome, type RetryPolicy, retryMsOf, unavailable } from "./call.ts";

/** How long an answer may take beyond the requested wait, in milliseconds. After that the connection counts as lost. */
const ANSWER_MS = 15_000;
/** The same for a request that is not sent a second time. */
const LONG_ANSWER_MS = 60_000;
/** The least time of a try after the first, in milliseconds, also if less is left. */
const LAST_TRY_MS = 1_000;
/** The pause between tries in the grace after a call's time, in milliseconds. */
const SHORT_PAUSE_MS = 50;
/** How much of a page goes into an error message. */
const EXCERPT_CHARACTERS = 200;

/** A request to the server. */
export interface HttpRequest {
  method: string;
  /** With its query. */
  path: string;
  /** JSON. */
  body?: string | undefined;
  /** How long the server is asked to wait. */
  waitSeconds?: number | undefined;
  /** The queue that it is about, for messages. */
  queue?: string | undefined;
  /** Whether a value has the form of a reply. Default: any object has. */
  isReply?: ((value: unknown) => boolean) | undefined;
}

/** The outcome of a try: the answer's value, the error of a refusal, or why the outcome is unknown. */
type Try<Value> = { value: Value } | { refusal: QueueError } | { cause: unknown; mayBeApplied: boolean };

/** Sends requests to a server, and sends them again while it cannot be reached. */
export class HttpClient {
  readonly #address: string;
  readonly #authkey: string;
  readonly #retryMs: number;
  readonly #fetch: typeof fetch;
  /** Requests and pauses that run: each ends when the client is closed. */
  readonly #open = new Set<AbortController>();
  /** Requests whose callers have left, with the handling of their answers. */
  readonly #left = new Set<Promise<unknown>>();
  #isClosed = false;

  constructor(address: string, authkey: string, retrySeconds: number, fetchFunction: typeof fetch) {
    this.#address = address;
    this.#authkey = authkey;
    this.#retryMs = retrySeconds * 1_000;
    this.#fetch = fetchFunction;
  }

  /** Notes that a request goes on without its caller. */
  leave(rest: Promise<unknown>): void {
    const forgotten = rest.finally(() => this.#left.delete(forgotten));
    this.#left.add(forgotten);
  }

  /** Waits until these requests have ended: some seconds at most. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#left);
  }

  /** Ends all requests. They, and later ones, throw `Closed`. */
  close(): void {
    this.#isClosed = true;
    for (const open of this.#open) open.abort();
  }

  /** Sends a request until it has an answer, as `Route.send` does. */
  async send<Value>(request: HttpRequest, policy: RetryPolicy, history?: History): Promise<Outcome<Value>> {
    const { isRepeatable = true, signal, deadline } = policy;
    const place: Place = { address: this.#address, queue: request.queue };
    const retryMs = retryMsOf(policy, this.#retryMs);
    let { wasTried, outage } = history ?? { wasTried: false, outage: undefined };
    let cause: unknown;
    const isLate = () => outage !== undefined && isOverdue(deadline, outage);
    const throwIfEnded = () => {
      signal?.throwIfAborted();
      if (this.#isClosed) throw closed(place, wasTried);
    };
    const attempt = async (): Promise<{ result: Outcome<Value> } | undefined> => {
      throwIfEnded();
      const begun = instant();
      const answer = await this.#try<Value>(request, policy, place, tryMsOf(request, policy, retryMs, outage));
      if ("value" in answer) return { result: { value: answer.value, isRepeated: wasTried } };
      if ("refusal" in answer) throw finalRefusal(policy, answer.refusal, wasTried);
      wasTried ||= answer.mayBeApplied;
      throwIfEnded();
      outage ??= begun;
      cause = answer.cause;
      const isOver = msSince(outage) >= retryMs || isLate();
      if ((!isRepeatable && wasTried) || isOver) throw unavailable(place, outage, wasTried, cause);
      return undefined;
    };
    return retrying(attempt, async (ms) => {
      await this.#pause(Math.min(ms, deadline?.leftMs || SHORT_PAUSE_MS), signal);
      if (isLate()) throw unavailable(place, outage, wasTried, cause);
    });
  }

  async #try<Value>(request: HttpRequest, policy: RetryPolicy, place: Place, ms: number): Promise<Try<Value>> {
    const { method, path, body } = request;
    const { idempotencyKey, signal, letsTryEnd = false } = policy;
    const headers: Record<string, string> = { Authorization: `Bearer ${this.#authkey}` };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (idempotencyKey !== undefined) headers["Idempotency-Key"] = idempotencyKey;
    const lost = this.#begin(letsTryEnd ? undefined : signal);
    let reason: unknown;
    const timer = new Timer(ms, () => {
      reason = new QueueError("No answer came in time", { code: "timeout" });
      lost.abort();
    });
    try {
      // A redirect is not followed: not every runtime can refuse it.
      const init: RequestInit = { method, headers, redirect: "manual", signal: lost.signal };
      const response = await this.#fetch(`${this.#address}${path}`, body === undefined ? init : { ...init, body });
      return interpret<Value>(response, await response.text(), request, place);
    } catch (cause) {
      return { cause: reason ?? cause, mayBeApplied: !isUnsent(cause) };
    } finally {
      timer.clear();
      lost.end();
    }
  }

  /** A signal that is aborted when the client is closed, or with the given signal. */
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
function tryMsOf(request: HttpRequest, policy: RetryPolicy, retryMs: number, outage: Instant | undefined): number {
  const answerMs = (policy.isRepeatable ?? true) ? ANSWER_MS : LONG_ANSWER_MS;
  const ms = Math.ceil((request.waitSeconds ?? 0) * 1_000) + answerMs;
  const retryLeftMs = outage === undefined ? ms : Math.max(LAST_TRY_MS, retryMs - msSince(outage));
  return Math.min(ms, retryLeftMs, policy.deadline?.graceLeftMs ?? Number.POSITIVE_INFINITY);
}

function interpret<Value>(response: Response, text: string, request: HttpRequest, place: Place): Try<Value> {
  const { status } = response;
  if (response.ok) {
    const value = parsed(text);
    if ((request.isReply ?? isObject)(value)) return { value: value as Value };
    // This reply comes from a proxy in between, which may have passed the call on or not.
    return { cause: unexpected(status, text, place), mayBeApplied: true };
  }
  const problem = problemIn(text);
  if (problem === undefined) {
    const error = unexpected(status, text, place);
    return isPassing(status) ? { cause: error, mayBeApplied: true } : { refusal: error };
  }
  const error = errorOf(problem, place);
  return isFinal(status, error) ? { refusal: error } : { cause: error, mayBeApplied: !isNotApplied(error) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unexpected(status: number, text: string, { address, queue }: Place): QueueError {
  const excerpt = text.slice(0, EXCERPT_CHARACTERS);
  const answer = status === 0 ? "a redirect" : `${status}, but not as a durable-queue server: ${excerpt}`;
  const message = `${address} answered ${answer}. It is not known whether this was applied.`;
  return new QueueError(message, { code: "unexpected", status, queue });
}

/** With these codes nothing was sent: there is no connection. */
const UNSENT_CODES: readonly unknown[] = ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT"];

function isUnsent(error: unknown): boolean {
  const { code, cause } = error as { code?: unknown; cause?: { code?: unknown } };
  return UNSENT_CODES.includes(code) || UNSENT_CODES.includes(cause?.code) || code === "ConnectionRefused";
}
