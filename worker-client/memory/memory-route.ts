import { problemOf } from "../../src/api/check/problem-error.ts";
import type { Reply } from "../../src/api/reply.ts";
import { errorOf, type Place } from "../src/base/problem-errors.ts";
import { type Call, closed, type Outcome, type Route } from "../src/transport/call.ts";
import { receiptsIn } from "../src/transport/replies.ts";
import { requestText } from "../src/transport/request-text.ts";
import { type MemoryPushes, placeOf } from "./memory-pushes.ts";
import type { MemoryServer, Request } from "./memory-server.ts";

/** The calls after which a message is not held any more. */
const SETTLING: ReadonlySet<string> = new Set(["ack", "retry", "reject", "release"]);

/** The route to a queue in this process: a call is answered without a network, and never sent twice. */
export class MemoryRoute implements Route {
  readonly place: Place;
  readonly pushes: MemoryPushes | undefined;
  readonly #server: MemoryServer;

  /** @param pushes that of a worker; undefined for a route of single calls */
  constructor(queue: string, server: MemoryServer, pushes?: MemoryPushes) {
    this.place = placeOf(queue);
    this.#server = server;
    this.pushes = pushes;
  }

  async send<Value>(call: Call): Promise<Outcome<Value>> {
    const { verb, request = {}, signal } = call;
    if (this.#server.isClosed) throw closed(this.place, false);
    signal?.throwIfAborted();
    const reply = await this.#ask(call);
    if (SETTLING.has(verb)) this.pushes?.settled((request.receipts ?? []) as readonly string[]);
    if (signal?.aborted) this.#giveBack(reply);
    signal?.throwIfAborted();
    if (this.#server.isClosed) throw closed(this.place, true);
    if (!reply.ok) throw errorOf(problemOf(reply.code, reply.detail, reply), this.place);
    return { value: JSON.parse(reply.json) as Value, isRepeated: false };
  }

  close(): void {
    this.pushes?.close();
  }

  /** Messages for a caller that has left are given back before their leases end, as by a server. */
  #giveBack(reply: Reply): void {
    const receipts = reply.ok ? receiptsIn(JSON.parse(reply.json)) : [];
    if (receipts.length > 0) void this.#ask({ verb: "release", request: { receipts } });
  }

  #ask(call: Call): Promise<Reply> {
    const { verb, request = {}, messages, results, deadline, idempotencyKey, signal } = call;
    const asked: Request = {
      verb,
      request: messages === undefined ? request : requestText(request, call),
      results,
      idempotencyKey,
      timeoutMs: deadline === undefined ? undefined : Math.ceil(deadline.waitMs),
      signal,
    };
    return this.#server.ask(this.place.queue as string, asked);
  }
}
