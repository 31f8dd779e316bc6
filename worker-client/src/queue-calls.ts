import { UnknownQueue } from "./errors.ts";
import type { Call, HttpTransport, Outcome } from "./http-transport.ts";

/** The calls about one queue. */
export class QueueCalls {
  /** That of the queue, before those of its verbs. */
  readonly path: string;
  readonly transport: HttpTransport;

  constructor(name: string, transport: HttpTransport) {
    this.path = `/v1/queues/${encodeURIComponent(name)}`;
    this.transport = transport;
  }

  /** @param path what follows the queue's own */
  send<Reply>(method: Call["method"], path: string, call: Omit<Call, "method" | "path"> = {}): Promise<Outcome<Reply>> {
    return this.transport.send<Reply>({ ...call, method, path: `${this.path}${path}` });
  }

  post<Reply>(path: string, call: Omit<Call, "method" | "path"> = {}): Promise<Outcome<Reply>> {
    return this.send<Reply>("POST", path, call);
  }

  /** The reply, or something else if the queue does not exist. */
  async orIfUnknown<Value, Other>(outcome: Promise<{ value: Value }>, other: Other): Promise<Value | Other> {
    try {
      return (await outcome).value;
    } catch (error) {
      if (error instanceof UnknownQueue) return other;
      throw error;
    }
  }
}
