import type { Place } from "../../base/problem-errors.ts";
import type { Call, Outcome, Route } from "../../transport/call.ts";
import { receivedError, type SentError } from "../sent-errors.ts";
import type { Outbox } from "./outbox.ts";

/** The route of the calls that handlers make about their messages: the parent makes them. */
export class ParentRoute implements Route {
  readonly place: Place;
  readonly #outbox: Outbox;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #calls = 0;

  constructor(queue: string, outbox: Outbox) {
    this.place = { address: "The parent process", queue };
    this.#outbox = outbox;
  }

  async send<Value>({ verb, request = {}, results, retrySeconds, signal }: Call): Promise<Outcome<Value>> {
    signal?.throwIfAborted();
    const number = this.#calls;
    this.#calls += 1;
    // Throws for what has no JSON form.
    const made = {
      verb,
      request: JSON.parse(JSON.stringify(request)) as Record<string, unknown>,
      results,
      retrySeconds,
    };
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting.set(number, waiting);
    const abort = () => waiting.reject(signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    this.#outbox.tell({ kind: "call", call: number, made });
    try {
      return { value: (await waiting.promise) as Value, isRepeated: false };
    } finally {
      this.#waiting.delete(number);
      signal?.removeEventListener("abort", abort);
    }
  }

  /** What became of a call. */
  answer(call: number, reply: unknown, error: SentError | undefined): void {
    const waiting = this.#waiting.get(call);
    if (error === undefined) waiting?.resolve(reply);
    else waiting?.reject(receivedError(error));
  }

  close(): void {
    // Nothing is open.
  }
}
