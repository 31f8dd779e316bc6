import type { ReplyOf } from "../../../src/api/types.ts";
import type { CallOptions } from "../base/check-options.ts";
import { UnknownQueue, withCaller } from "../base/errors.ts";
import type { Call, Outcome, Route } from "../transport/call.ts";
import { AckBatcher } from "./ack-batcher.ts";

/** The calls about one queue. */
export class QueueCalls {
  /** The queue's name. */
  readonly queue: string;
  readonly route: Route;
  /** Acks that count their messages as done. */
  readonly #acks = new AckBatcher(({ receipts, results }) =>
    this.send<ReplyOf<"ack">>("ack", { request: { receipts }, results }),
  );
  /** Acks after which the messages stay unfinished until `taskDone`. */
  readonly #takes = new AckBatcher(({ receipts }) =>
    this.send<ReplyOf<"ack">>("ack", { request: { receipts, finish: false } }),
  );

  constructor(queue: string, route: Route) {
    this.queue = queue;
    this.route = route;
  }

  /** Sends a call as `Route.send` does. Errors get the lines of the program that waits for the call. */
  async send<Reply>(verb: Call["verb"], call: Omit<Call, "verb"> = {}): Promise<Outcome<Reply>> {
    try {
      return await this.route.send<Reply>({ verb, ...call });
    } catch (error) {
      throw withCaller(error);
    }
  }

  /**
   * Acks a message, together with all others that are acked in the same turn of the event loop. With options of its own
   * the ack is sent alone.
   *
   * @param finish whether the message counts as done, or stays unfinished until `taskDone`
   * @param result as JSON text; undefined for none
   */
  async ack(
    receipt: string,
    finish: boolean,
    { signal, retrySeconds }: CallOptions = {},
    result?: string,
  ): Promise<{ isAcked: boolean; isRepeated: boolean }> {
    if (signal !== undefined || retrySeconds !== undefined) {
      const request = { receipts: [receipt], finish };
      const results = result === undefined ? undefined : [result];
      const call = { request, results, signal, retrySeconds };
      const { value, isRepeated } = await this.send<ReplyOf<"ack">>("ack", call);
      return { isAcked: value.acked === 1, isRepeated };
    }
    const { stale, isRepeated } = await (finish ? this.#acks.add(receipt, result) : this.#takes.add(receipt));
    return { isAcked: !stale.has(receipt), isRepeated };
  }

  /** The reply, or `other` if the queue does not exist. */
  async orIfUnknown<Value, Other>(outcome: Promise<{ value: Value }>, other: Other): Promise<Value | Other> {
    try {
      return (await outcome).value;
    } catch (error) {
      if (error instanceof UnknownQueue) return other;
      throw error;
    }
  }
}
