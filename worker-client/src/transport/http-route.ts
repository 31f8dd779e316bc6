import { endpointOf } from "../../../src/contract/endpoints.ts";
import type { Deadline } from "../base/deadline.ts";
import { Unavailable } from "../base/errors.ts";
import { Timer } from "../base/platform.ts";
import type { Place } from "../base/problem-errors.ts";
import { type Call, closed, type History, HTTP_POLLS_MAX, isWorthWaiting, type Outcome, type Route } from "./call.ts";
import type { HttpClient, HttpRequest } from "./http-client.ts";
import { isReplyTo, receiptsIn } from "./replies.ts";
import { requestText } from "./request-text.ts";
import { Semaphore } from "./semaphore.ts";

/**
 * How long a poll takes that may be aborted: the program goes on this long after an abort, and gives messages back by
 * then.
 */
const ABORTABLE_POLL_SECONDS = 5;

/** How many calls of a kind wait at the server at a time, each on its connection. Others are tried, and wait here. */
const HTTP_WAITS_MAX = 32;

/** The route to a queue over HTTP. A wait of any length consists of polls that the server allows. */
export class HttpRoute implements Route {
  readonly place: Place;
  readonly pollsMax = HTTP_POLLS_MAX;
  readonly #path: string;
  readonly #client: HttpClient;
  /** By the verbs that wait. */
  readonly #semaphores = new Map<string, Semaphore>();
  #isClosed = false;

  constructor(queue: string, address: string, client: HttpClient) {
    this.place = { address, queue };
    this.#path = `/v1/queues/${encodeURIComponent(queue)}`;
    this.#client = client;
  }

  /** @param history what happened to it on another route */
  async send<Value>(call: Call, history?: History): Promise<Outcome<Value>> {
    if (this.#isClosed) throw closed(this.place, history?.wasTried ?? false);
    const { deadline } = call;
    if (deadline === undefined) return this.#client.send<Value>(this.#requestOf(call), call, history);
    const semaphore = this.#semaphoreOf(call.verb);
    let hasPermit = semaphore.tryAcquire();
    for (;;) {
      const outcome = await this.#poll<Value>(call, deadline, hasPermit ? semaphore : undefined, history);
      if (deadline.isOver || !outcome.isWorthWaiting) return outcome.end();
      hasPermit = await acquireInTime(semaphore, deadline, call.signal);
      call.signal?.throwIfAborted();
      if (!hasPermit) return outcome.end();
    }
  }

  /** Later calls throw `Closed`. */
  close(): void {
    this.#isClosed = true;
  }

  #semaphoreOf(verb: string): Semaphore {
    let semaphore = this.#semaphores.get(verb);
    if (semaphore === undefined) {
      semaphore = new Semaphore(HTTP_WAITS_MAX);
      this.#semaphores.set(verb, semaphore);
    }
    return semaphore;
  }

  /** @param permit released when the poll is over; undefined if it must not wait */
  async #poll<Value>(call: Call, deadline: Deadline, permit: Semaphore | undefined, history: History | undefined) {
    const isAbortable = call.verb === "receive" && call.signal !== undefined;
    const longest = isAbortable ? Math.min(deadline.pollSeconds, ABORTABLE_POLL_SECONDS) : deadline.pollSeconds;
    const request = this.#requestOf(call, permit === undefined ? 0 : longest);
    const policy = isAbortable ? { ...call, letsTryEnd: true } : call;
    const sent = this.#client.send<Value>(request, policy, history).finally(() => permit?.release());
    try {
      const outcome = await (isAbortable ? this.#orAborted(sent, call.signal) : sent);
      return { isWorthWaiting: isWorthWaiting(outcome.value), end: () => outcome };
    } catch (error) {
      const reason = error instanceof Unavailable ? error.cause : error;
      const end = (): Outcome<Value> => {
        throw error;
      };
      return { isWorthWaiting: reason instanceof Error && isWorthWaiting(reason), end };
    }
  }

  /**
   * Receives until the call is aborted. A server does not notice that a client left a poll, and would still deliver
   * messages to it: so the poll goes on to its end without the caller, and the messages are given back.
   */
  #orAborted<Value>(sent: Promise<Outcome<Value>>, signal: AbortSignal | undefined): Promise<Outcome<Value>> {
    return new Promise((resolve, reject) => {
      const abort = () => {
        reject(signal?.reason);
        this.#client.leave(sent.then(({ value }) => this.#giveBack(value)).catch(() => undefined));
      };
      if (signal?.aborted) abort();
      signal?.addEventListener("abort", abort, { once: true });
      sent.then(resolve, reject).finally(() => signal?.removeEventListener("abort", abort));
    });
  }

  /** No attempt is counted. If this fails, the messages are redelivered when their leases end. */
  async #giveBack(reply: unknown): Promise<void> {
    const receipts = receiptsIn(reply);
    if (receipts.length === 0) return;
    const body = JSON.stringify({ receipts });
    await this.#client.send({ method: "POST", path: `${this.#path}/release`, body }, {});
  }

  #requestOf(call: Call, waitSeconds?: number): HttpRequest {
    const { verb, request = {} } = call;
    const { method, path } = endpointOf(verb);
    const common = { method, queue: this.place.queue, isReply: (value: unknown) => isReplyTo(call, value) };
    const timed = waitSeconds === undefined ? request : { ...request, timeoutSeconds: waitSeconds };
    const { place, fields } = placedIn(path, timed);
    if (method === "GET" || method === "DELETE") {
      const search = new URLSearchParams(fields as Record<string, string>).toString();
      return { ...common, path: `${this.#path}${place}${search === "" ? "" : `?${search}`}` };
    }
    return { ...common, path: `${this.#path}${place}`, body: requestText(fields, call), waitSeconds };
  }
}

/** Moves the id of a request into a path that has a place for it. */
function placedIn(path: string, request: Record<string, unknown>): { place: string; fields: Record<string, unknown> } {
  if (!path.includes(":id")) return { place: path, fields: request };
  const { id, ...fields } = request;
  return { place: path.replace(":id", encodeURIComponent(String(id))), fields };
}

/** Waits for a permit until the call's time has passed, or it is aborted. */
async function acquireInTime(
  semaphore: Semaphore,
  deadline: Deadline,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  if (semaphore.tryAcquire()) return true;
  const over = new AbortController();
  const timer = new Timer(deadline.leftMs, () => over.abort());
  try {
    return await semaphore.acquire(signal === undefined ? over.signal : AbortSignal.any([over.signal, signal]));
  } finally {
    timer.clear();
  }
}
