import type { BindingCalls } from "../../src/api/binding-calls.ts";
import { problemOf } from "../../src/api/check/problem-error.ts";
import type { Reply } from "../../src/api/reply.ts";
import { QueueError } from "../src/base/errors.ts";
import { errorOf, isFinal, isNotApplied, type Place } from "../src/base/problem-errors.ts";
import { type Call, closed, HTTP_POLLS_MAX, type Outcome, type Route } from "../src/transport/call.ts";
import { orAborted, Polls } from "../src/transport/polls.ts";
import { isReplyTo, receiptsIn } from "../src/transport/replies.ts";
import { requestText } from "../src/transport/request-text.ts";
import type { Tries, Try } from "../src/transport/tries.ts";

/** What the routes of a manager share. */
export interface Binding {
  calls: BindingCalls;
  /** What is called, for messages. */
  address: string;
  tries: Tries;
  /** Lets work go on when its caller has left: as `ctx.waitUntil`. */
  waitUntil: (rest: Promise<unknown>) => void;
}

/**
 * The route to a queue by binding: each try is a call of its own. A wait of any length consists of polls that the server
 * allows, and an abort ends the one that waits there.
 */
export class BindingRoute implements Route {
  readonly place: Place;
  readonly pollsMax = HTTP_POLLS_MAX;
  readonly #queue: string;
  readonly #binding: Binding;
  readonly #polls = new Polls();
  #isClosed = false;

  constructor(queue: string, binding: Binding) {
    this.#queue = queue;
    this.#binding = binding;
    this.place = placeOf(binding, queue);
  }

  async send<Value>(call: Call): Promise<Outcome<Value>> {
    if (this.#isClosed) throw closed(this.place, false);
    const { deadline } = call;
    if (deadline === undefined) return this.#send<Value>(call);
    return this.#polls.run<Value>(call, deadline, (seconds, over) => this.#send<Value>(call, seconds).finally(over));
  }

  /** Later calls throw `Closed`. */
  close(): void {
    this.#isClosed = true;
  }

  #send<Value>(call: Call, waitSeconds = waitSecondsIn(call)): Promise<Outcome<Value>> {
    const { request = {} } = call;
    const text = requestText(waitSeconds === undefined ? request : { ...request, timeoutSeconds: waitSeconds }, call);
    const tried = { place: this.place, policy: call, waitSeconds };
    return this.#binding.tries.run<Value>(tried, (signal) => {
      const waitId = waitSeconds === undefined || waitSeconds === 0 ? undefined : crypto.randomUUID();
      return this.#try<Value>(call, text, waitId, signal);
    });
  }

  /** @param waitId undefined for a call that does not wait */
  async #try<Value>(call: Call, text: string, waitId: string | undefined, signal: AbortSignal): Promise<Try<Value>> {
    const { verb, idempotencyKey } = call;
    try {
      const asked = this.#binding.calls.ask(this.#queue, verb, text, { idempotencyKey, waitId });
      const reply = await orAborted(asked, signal, () => this.#leave(waitId, asked));
      return outcomeOf<Value>(reply, call, this.place);
    } catch (cause) {
      return { cause, mayBeApplied: true };
    }
  }

  /** Ends the wait at the server. Messages that it hands out all the same are given back, so that they cost no attempt. */
  #leave(waitId: string | undefined, asked: Promise<Reply>): void {
    const { calls, waitUntil } = this.#binding;
    const given = asked.then((reply) => {
      const receipts = reply.ok ? receiptsIn(JSON.parse(reply.json)) : [];
      return receipts.length > 0 ? calls.ask(this.#queue, "release", JSON.stringify({ receipts })) : undefined;
    });
    const ended = waitId === undefined ? undefined : calls.abandon(this.#queue, waitId);
    // Messages that cannot be given back are redelivered when their leases end.
    waitUntil(Promise.allSettled([ended, given]));
  }
}

/** What is called, and why that may not answer. */
export function placeOf({ address }: Binding, queue: string | undefined): Place {
  return { address, queue, advice: "The log of its Worker says more." };
}

/** What a reply is for the tries of its call. */
export function outcomeOf<Value>(
  reply: Reply,
  call: Pick<Call, "verb" | "messages" | "request"> | undefined,
  place: Place,
): Try<Value> {
  if (reply.ok) {
    const value: unknown = JSON.parse(reply.json);
    if (call === undefined || isReplyTo(call, value)) return { value: value as Value };
    const detail = `${place.address} answered, but not as a durable-queue server.`;
    return { cause: new QueueError(detail, { code: "unexpected", queue: place.queue }), mayBeApplied: true };
  }
  const { retryAfterSeconds } = reply;
  const problem = problemOf(reply.code, reply.detail, reply);
  const error = errorOf(problem, place);
  if (isFinal(problem.status, error)) return { refusal: error };
  const pauseMs = retryAfterSeconds === undefined ? undefined : retryAfterSeconds * 1_000;
  return { cause: error, mayBeApplied: !isNotApplied(error), pauseMs };
}

/** How long the server is asked to wait in a request that says it itself. */
function waitSecondsIn({ request }: Call): number | undefined {
  const seconds = request?.timeoutSeconds;
  return typeof seconds === "number" ? seconds : undefined;
}
