import { problemOf } from "../../src/api/check/problem-error.ts";
import type { PushCalls, PushVerdict } from "../../src/api/push.ts";
import type { Reply } from "../../src/api/reply.ts";
import { errorOf, type Place } from "../src/base/problem-errors.ts";
import type { Call, Outcome, Route } from "../src/transport/call.ts";
import { requestText } from "../src/transport/request-text.ts";

/** The calls of a message that end its lease: their outcome goes back with the batch. */
type Settling = "ack" | "retry" | "reject" | "release";

type RetryError = Extract<PushVerdict, { verb: "retry" }>["error"];

const SETTLING: ReadonlySet<string> = new Set<Settling>(["ack", "retry", "reject", "release"]);

/**
 * The route of the messages of one batch: what settles a message is kept until the batch is answered, and everything else is
 * asked of the queue.
 */
export class BatchRoute implements Route {
  readonly place: Place;
  readonly #calls: PushCalls;
  readonly #verdicts = new Map<string, PushVerdict>();

  constructor(queue: string, calls: PushCalls) {
    this.place = { address: "The queue", queue };
    this.#calls = calls;
  }

  /** What a call of its handler decided for the message with this receipt. */
  verdictOn(receipt: string): PushVerdict | undefined {
    return this.#verdicts.get(receipt);
  }

  async send<Value>(call: Call): Promise<Outcome<Value>> {
    const { verb, request = {} } = call;
    if (SETTLING.has(verb)) return { value: this.#settle(verb as Settling, call) as Value, isRepeated: false };
    const reply: Reply = await this.#calls.ask(verb, requestText(request, call));
    if (!reply.ok) throw errorOf(problemOf(reply.code, reply.detail, reply), this.place);
    return { value: JSON.parse(reply.json) as Value, isRepeated: false };
  }

  close(): void {}

  /** The first call for a message counts. A further one is answered as one whose lease is over. */
  #settle(verb: Settling, call: Call): Record<string, unknown> {
    const receipts = (call.request?.receipts ?? []) as readonly string[];
    const stale = receipts.filter((receipt) => this.#verdicts.has(receipt));
    for (const [index, receipt] of receipts.entries())
      if (!this.#verdicts.has(receipt)) this.#verdicts.set(receipt, verdictOf(verb, call, index));
    const settled = receipts.length - stale.length;
    return { acked: settled, retried: settled, rejected: settled, released: settled, stale };
  }
}

function verdictOf(verb: Settling, { request = {}, results }: Call, index: number): PushVerdict {
  if (verb === "ack") return { verb, result: results?.[index] };
  const { delaySeconds, error } = request as { delaySeconds?: number; error?: RetryError };
  if (verb === "reject") return { verb, error };
  const delayMs = delaySeconds === undefined ? undefined : Math.round(delaySeconds * 1_000);
  return verb === "retry" ? { verb, delayMs, error } : { verb, delayMs };
}
