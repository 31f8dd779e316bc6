import { ENDPOINTS } from "../../src/contract/endpoints.ts";
import { type Call, isInVain, type Outcome, type Route } from "./call.ts";
import { Unavailable } from "./errors.ts";
import type { HttpClient, HttpRequest } from "./http-client.ts";

/** How long a poll is that may be left: so long the program goes on after an abort, and so late a message comes back. */
const ABORTABLE_POLL_SECONDS = 5;

/** The way to a queue over HTTP. Waits of any length are made of polls that the server allows. */
export class HttpRoute implements Route {
  readonly #path: string;
  readonly #client: HttpClient;

  constructor(queue: string, client: HttpClient) {
    this.#path = `/v1/queues/${encodeURIComponent(queue)}`;
    this.#client = client;
  }

  /** @param wasTried whether it was tried another way before, without an answer */
  async send<Value>(call: Call, wasTried = false): Promise<Outcome<Value>> {
    const { deadline } = call;
    if (deadline === undefined) return this.#client.send<Value>(this.#requestOf(call), call, wasTried);
    for (;;) {
      const isAbortable = call.verb === "receive" && call.signal !== undefined;
      const waitSeconds = isAbortable ? Math.min(deadline.pollSeconds, ABORTABLE_POLL_SECONDS) : deadline.pollSeconds;
      try {
        const request = this.#requestOf(call, waitSeconds);
        const sent = isAbortable
          ? this.#receive<Value>(request, call, wasTried)
          : this.#client.send<Value>(request, call, wasTried);
        const outcome = await sent;
        if (deadline.isOver || !isInVain(outcome.value)) return outcome;
      } catch (error) {
        const reason = error instanceof Unavailable ? error.cause : error;
        if (!isInVain(reason) || deadline.isOver) throw error;
      }
    }
  }

  /**
   * Receives until the call is aborted. A server does not hear of a client that leaves a poll, and would go on to hand it
   * messages: so the poll goes on to its end without the caller, and what it brings is given back.
   */
  #receive<Value>(request: HttpRequest, call: Call, wasTried: boolean): Promise<Outcome<Value>> {
    const { signal } = call;
    const sent = this.#client.send<Value>(request, { ...call, letsTryEnd: true }, wasTried);
    return new Promise((resolve, reject) => {
      const abort = () => {
        reject(signal?.reason);
        sent.then(({ value }) => this.#giveBack(value)).catch(() => undefined);
      };
      if (signal?.aborted) abort();
      signal?.addEventListener("abort", abort, { once: true });
      sent.then(resolve, reject).finally(() => signal?.removeEventListener("abort", abort));
    });
  }

  /** Without an attempt. What fails here comes back when its lease ends. */
  async #giveBack(reply: unknown): Promise<void> {
    const { messages = [] } = reply as { messages?: { receipt?: string }[] };
    const receipts = messages.flatMap(({ receipt }) => receipt ?? []);
    if (receipts.length === 0) return;
    const body = JSON.stringify({ receipts, begun: false });
    await this.#client.send({ method: "POST", path: `${this.#path}/retry`, body }, {});
  }

  close(): void {}

  #requestOf({ verb, request = {}, messages }: Call, waitSeconds?: number) {
    const { method, path } = ENDPOINTS[verb];
    const fields = waitSeconds === undefined ? request : { ...request, timeoutSeconds: waitSeconds };
    if (method === "GET" || method === "DELETE") {
      const { id, ...query } = fields as Record<string, string>;
      const search = new URLSearchParams(query).toString();
      const place = path.replace(":id", encodeURIComponent(id ?? ""));
      return { method, path: `${this.#path}${place}${search === "" ? "" : `?${search}`}` };
    }
    const text = JSON.stringify(fields);
    const rest = text === "{}" ? "}" : `,${text.slice(1)}`;
    const body = messages === undefined ? text : `{"messages":${messages.json}${rest}`;
    return { method, path: `${this.#path}${path}`, body, waitSeconds };
  }
}
