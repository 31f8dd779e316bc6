import { setTimeout as sleep } from "node:timers/promises";
import { backoffMs } from "./backoff.ts";
import { isFinal, type Outcome, refusalOf, retryMsOf, type Terms, unavailable } from "./call.ts";
import { QueueError } from "./errors.ts";
import { problemErrorOf } from "./problems.ts";

/** What a server may take to answer beyond the time it was asked to wait. After that the connection counts as lost. */
const ANSWER_MS = 15_000;

export interface HttpRequest {
  method: string;
  /** With its query. */
  path: string;
  /** JSON. */
  body?: string | undefined;
  /** How long the server is asked to wait. */
  waitSeconds?: number | undefined;
}

/** Sends requests to a server, and sends them again while it cannot be reached. */
export class HttpClient {
  readonly #address: string;
  readonly #authkey: string;
  readonly #retryMs: number;
  readonly #fetch: typeof fetch;

  constructor(address: string, authkey: string, retrySeconds: number, fetchFunction: typeof fetch) {
    this.#address = address;
    this.#authkey = authkey;
    this.#retryMs = retrySeconds * 1_000;
    this.#fetch = fetchFunction;
  }

  /**
   * Sends a request until it has an answer, as `Route.send` does.
   *
   * @param wasTried whether it was tried another way before, without an answer
   */
  async send<Value>(request: HttpRequest, terms: Terms, wasTried = false): Promise<Outcome<Value>> {
    const { isRepeatable = true, signal } = terms;
    const retryMs = retryMsOf(terms, this.#retryMs);
    let outageBeganAt: number | undefined;
    for (let failures = 1; ; failures += 1) {
      signal?.throwIfAborted();
      const isRepeated = wasTried || failures > 1;
      const answer = await this.#try<Value>(request, terms);
      if ("value" in answer) return { value: answer.value, isRepeated };
      if ("refusal" in answer) throw refusalOf(terms, answer.refusal, isRepeated);
      signal?.throwIfAborted();
      // Of the wall clock, which goes on while the machine sleeps, as the server's does.
      const now = Date.now();
      outageBeganAt ??= now;
      if (!isRepeatable || now - outageBeganAt >= retryMs) {
        throw unavailable(this.#address, now - outageBeganAt, answer.cause);
      }
      await pause(backoffMs(failures, Math.random()), signal);
    }
  }

  /** One try: the answer's value, the error that a refusal stands for, or why nobody knows. */
  async #try<Value>(
    { method, path, body, waitSeconds = 0 }: HttpRequest,
    { idempotencyKey, signal, letsTryEnd = false }: Terms,
  ): Promise<{ value: Value } | { refusal: QueueError } | { cause: unknown }> {
    const headers: Record<string, string> = { Authorization: `Bearer ${this.#authkey}` };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (idempotencyKey !== undefined) headers["Idempotency-Key"] = idempotencyKey;
    const lost = new AbortController();
    const timer = setTimeout(() => lost.abort(), Math.ceil(waitSeconds * 1_000) + ANSWER_MS);
    const isAlone = signal === undefined || letsTryEnd;
    const anySignal = isAlone ? lost.signal : AbortSignal.any([signal, lost.signal]);
    try {
      const request = { method, headers, redirect: "error", signal: anySignal } as const;
      const response = await this.#fetch(
        `${this.#address}${path}`,
        body === undefined ? request : { ...request, body },
      );
      return interpret<Value>(response, await response.text());
    } catch (cause) {
      return { cause };
    } finally {
      clearTimeout(timer);
    }
  }
}

function interpret<Value>(response: Response, text: string) {
  // What is not JSON comes from somebody in between, who may have passed the call on or not.
  if (response.ok) return { value: JSON.parse(text) as Value };
  const error = problemErrorOf(text) ?? new QueueError("unexpected", unexpected(response, text));
  return isFinal(response.status, error) ? { refusal: error } : { cause: error };
}

function unexpected(response: Response, text: string): string {
  return `The server answered ${response.status}, but not as a durable-queue server: ${text.slice(0, 200)}`;
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(ms, undefined, signal && { signal });
  } catch {
    signal?.throwIfAborted();
  }
}
