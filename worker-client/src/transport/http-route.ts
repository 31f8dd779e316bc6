import { endpointOf } from "../../../src/contract/endpoints.ts";
import type { Place } from "../base/problem-errors.ts";
import { type Call, closed, type History, HTTP_POLLS_MAX, type Outcome, type Route } from "./call.ts";
import type { HttpClient, HttpRequest } from "./http-client.ts";
import { orAborted, Polls } from "./polls.ts";
import { isReplyTo, receiptsIn } from "./replies.ts";
import { requestText } from "./request-text.ts";

/**
 * How long a poll takes that may be aborted: the program goes on this long after an abort, and gives messages back by
 * then.
 */
const ABORTABLE_POLL_SECONDS = 5;

/** The route to a queue over HTTP. A wait of any length consists of polls that the server allows. */
export class HttpRoute implements Route {
  readonly place: Place;
  readonly pollsMax = HTTP_POLLS_MAX;
  readonly #path: string;
  readonly #client: HttpClient;
  readonly #polls = new Polls();
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
    return this.#polls.run<Value>(call, deadline, (seconds, over) => this.#poll(call, seconds, over, history));
  }

  /** Later calls throw `Closed`. */
  close(): void {
    this.#isClosed = true;
  }

  /**
   * A server does not notice that a client left a poll, and would still deliver messages to it: so a receive that is aborted
   * goes on to its end without the caller, and the messages are given back.
   */
  #poll<Value>(call: Call, seconds: number, over: () => void, history: History | undefined): Promise<Outcome<Value>> {
    if (call.verb !== "receive" || call.signal === undefined)
      return this.#client.send<Value>(this.#requestOf(call, seconds), call, history).finally(over);
    const request = this.#requestOf(call, Math.min(seconds, ABORTABLE_POLL_SECONDS));
    const sent = this.#client.send<Value>(request, { ...call, letsTryEnd: true }, history).finally(over);
    return orAborted(sent, call.signal, () =>
      this.#client.leave(sent.then(({ value }) => this.#giveBack(value)).catch(() => undefined)),
    );
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
