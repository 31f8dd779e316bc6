import { QueueError } from "../base/errors.ts";
import { errorOf, isFinal, isNotApplied, isPassing, type Place, problemIn } from "../base/problem-errors.ts";
import { isObject } from "../base/reply-shapes.ts";
import type { History, Outcome, RetryPolicy } from "./call.ts";
import { Tries, type Try } from "./tries.ts";

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

/** Sends requests to a server, and sends them again while it cannot be reached. */
export class HttpClient {
  readonly #address: string;
  readonly #authkey: string;
  readonly #fetch: typeof fetch;
  readonly #tries: Tries;
  /** Requests whose callers have left, with the handling of their answers. */
  readonly #left = new Set<Promise<unknown>>();

  constructor(address: string, authkey: string, retrySeconds: number, fetchFunction: typeof fetch) {
    this.#address = address;
    this.#authkey = authkey;
    this.#fetch = fetchFunction;
    this.#tries = new Tries(retrySeconds);
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
    this.#tries.close();
  }

  /** Sends a request until it has an answer, as `Route.send` does. */
  send<Value>(request: HttpRequest, policy: RetryPolicy, history?: History): Promise<Outcome<Value>> {
    const place: Place = { address: this.#address, queue: request.queue };
    const { waitSeconds } = request;
    const once = (signal: AbortSignal) => this.#try<Value>(request, policy, place, signal);
    return this.#tries.run({ place, policy, waitSeconds, history }, once);
  }

  async #try<Value>(
    request: HttpRequest,
    { idempotencyKey }: RetryPolicy,
    place: Place,
    signal: AbortSignal,
  ): Promise<Try<Value>> {
    const { method, path, body } = request;
    const headers: Record<string, string> = { Authorization: `Bearer ${this.#authkey}` };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (idempotencyKey !== undefined) headers["Idempotency-Key"] = idempotencyKey;
    try {
      // A redirect is not followed: not every runtime can refuse it.
      const init: RequestInit = { method, headers, redirect: "manual", signal };
      const response = await this.#fetch(`${this.#address}${path}`, body === undefined ? init : { ...init, body });
      return interpret<Value>(response, await response.text(), request, place);
    } catch (cause) {
      return { cause, mayBeApplied: !isUnsent(cause) };
    }
  }
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
