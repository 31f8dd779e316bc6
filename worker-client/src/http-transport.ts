import { setTimeout as sleep } from "node:timers/promises";
import type { Problem } from "../../src/contract/problems.ts";
import { backoffMs } from "./backoff.ts";
import { errorOf, QueueError, Unavailable } from "./errors.ts";

/** What a server may take to answer beyond the time it was asked to wait. After that the connection counts as lost. */
const ANSWER_MS = 15_000;

/** Problems with a 5xx status that trying again does not help. */
const FINAL_CODES: readonly string[] = ["no_authkey"];

export interface Call {
  method: "GET" | "PUT" | "POST" | "DELETE";
  path: string;
  body?: unknown;
  /** How long the server is asked to wait. */
  waitSeconds?: number | undefined;
  idempotencyKey?: string | undefined;
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
    let outageBeganAt: number | undefined;
    for (let failures = 1; ; failures += 1) {
      call.signal?.throwIfAborted();
      const answer = await this.#try<Value>(call);
      if ("value" in answer) return { value: answer.value, isRepeated: failures > 1 };
      call.signal?.throwIfAborted();
      const now = performance.now();
      outageBeganAt ??= now;
      if (now - outageBeganAt >= this.#retryMs)
        throw new Unavailable(this.#unavailable(now - outageBeganAt), answer.cause);
      await pause(backoffMs(failures, Math.random()), call.signal);
    }
  }

  /** One try: the answer's value, or why there is none. Throws the error that a final answer stands for. */
  async #try<Value>({ method, path, body, waitSeconds = 0, idempotencyKey, signal }: Call) {
    const headers: Record<string, string> = { Authorization: `Bearer ${this.#authkey}` };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (idempotencyKey !== undefined) headers["Idempotency-Key"] = idempotencyKey;
    const timeout = AbortSignal.timeout(Math.ceil(waitSeconds * 1_000) + ANSWER_MS);
    let response: Response;
    let text: string;
    try {
      response = await this.#fetch(`${this.#address}${path}`, {
        method,
        headers,
        signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
        redirect: "error",
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      text = await response.text();
    } catch (cause) {
      return { cause };
    }
    if (response.ok) return { value: JSON.parse(text) as Value };
    const problem = parseProblem(text);
    if (response.status < 500 || FINAL_CODES.includes(problem?.code ?? "")) {
      throw problem === undefined ? new QueueError("unexpected", unexpected(response, text)) : errorOf(problem);
    }
    return { cause: new QueueError(problem?.code ?? "unexpected", problem?.detail ?? unexpected(response, text)) };
  }

  #unavailable(outageMs: number): string {
    return `${this.#address} could not be reached, or failed, for ${(outageMs / 1_000).toFixed(1)} seconds.`;
  }
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
