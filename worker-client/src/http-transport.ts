import { setTimeout as sleep } from "node:timers/promises";
import { IDEMPOTENCY_SECONDS } from "../../src/contract/limits.ts";
import type { Problem } from "../../src/contract/problems.ts";
import { backoffMs } from "./backoff.ts";
import { errorOf, QueueError, Unavailable } from "./errors.ts";

/** What a server may take to answer beyond the time it was asked to wait. After that the connection counts as lost. */
const ANSWER_MS = 15_000;

/** For how long a call is repeated under one key. The server forgets a key `IDEMPOTENCY_SECONDS` after its first use. */
const KEYED_RETRY_MS = (IDEMPOTENCY_SECONDS - 60) * 1_000;

/** Problems with a 5xx status that trying again does not help. */
const FINAL_CODES: readonly string[] = ["no_authkey", "storage_full"];

/** Refusals that say how things stand at the time: an earlier try, still on its way, may be taken. */
const PASSING_CODES: readonly string[] = [
  "full",
  "storage_full",
  "paused",
  "shut_down",
  "done_too_often",
  "unknown_queue",
];

export interface Call {
  method: "GET" | "PUT" | "POST" | "DELETE";
  path: string;
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as it is, in place of a body. */
  text?: string | undefined;
  /** How long the server is asked to wait. */
  waitSeconds?: number | undefined;
  /** Under which the server recognizes a try that it has applied already. */
  idempotencyKey?: string | undefined;
  /** False for what must not be applied twice. Default true. */
  isRepeatable?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

export interface Outcome<Value> {
  value: Value;
  /** True when an earlier try may have been applied although its answer was lost. */
  isRepeated: boolean;
}

/** Sends calls to a server, and sends them again while it cannot be reached. */
export class HttpTransport {
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
   * Sends a call until it has an answer. A 4xx is an answer: certainly not applied. Anything else that is not a
   * success is unknown, and the call is sent again, for `retrySeconds` at most.
   */
  async send<Value>(call: Call): Promise<Outcome<Value>> {
    const text = call.text ?? (call.body === undefined ? undefined : JSON.stringify(call.body));
    const { idempotencyKey: key, isRepeatable = true } = call;
    const retryMs = key === undefined ? this.#retryMs : Math.min(this.#retryMs, KEYED_RETRY_MS);
    let outageBeganAt: number | undefined;
    for (let failures = 1; ; failures += 1) {
      call.signal?.throwIfAborted();
      const isRepeated = failures > 1;
      const answer = await this.#try<Value>(call, text);
      if ("value" in answer) return { value: answer.value, isRepeated };
      if ("refusal" in answer) {
        const isCertain = key === undefined || !isRepeated || !PASSING_CODES.includes(answer.refusal.code);
        if (isCertain) throw answer.refusal;
        throw new Unavailable(`The answer to an earlier try was lost. ${answer.refusal.message}`, answer.refusal);
      }
      call.signal?.throwIfAborted();
      // Of the wall clock, which goes on while the machine sleeps, as the server's does.
      const now = Date.now();
      outageBeganAt ??= now;
      if (!isRepeatable || now - outageBeganAt >= retryMs) {
        throw new Unavailable(this.#unavailable(now - outageBeganAt), answer.cause);
      }
      await pause(backoffMs(failures, Math.random()), call.signal);
    }
  }

  /** One try: the answer's value, the error that a refusal stands for, or why nobody knows. */
  async #try<Value>(
    { method, path, waitSeconds = 0, idempotencyKey, signal }: Call,
    body: string | undefined,
  ): Promise<{ value: Value } | { refusal: QueueError } | { cause: unknown }> {
    const headers: Record<string, string> = { Authorization: `Bearer ${this.#authkey}` };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (idempotencyKey !== undefined) headers["Idempotency-Key"] = idempotencyKey;
    const lost = new AbortController();
    const timer = setTimeout(() => lost.abort(), Math.ceil(waitSeconds * 1_000) + ANSWER_MS);
    const anySignal = signal === undefined ? lost.signal : AbortSignal.any([signal, lost.signal]);
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

  #unavailable(outageMs: number): string {
    return `${this.#address} could not be reached, or failed, for ${(outageMs / 1_000).toFixed(1)} seconds.`;
  }
}

function interpret<Value>(response: Response, text: string) {
  // What is not JSON comes from somebody in between, who may have passed the call on or not.
  if (response.ok) return { value: JSON.parse(text) as Value };
  const problem = parseProblem(text);
  const error = problem === undefined ? new QueueError("unexpected", unexpected(response, text)) : errorOf(problem);
  return response.status < 500 || FINAL_CODES.includes(error.code) ? { refusal: error } : { cause: error };
}

/** Undefined for what does not come from a durable-queue server, such as the error page of a proxy. */
function parseProblem(text: string): Problem | undefined {
  try {
    const value = JSON.parse(text) as Partial<Problem> | null;
    return typeof value?.code === "string" && typeof value.detail === "string" ? (value as Problem) : undefined;
  } catch {
    return undefined;
  }
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
