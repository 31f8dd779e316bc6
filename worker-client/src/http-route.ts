import { ENDPOINTS } from "../../src/contract/endpoints.ts";
import { type Call, isInVain, type Outcome, type Route } from "./call.ts";
import { Unavailable } from "./errors.ts";
import type { HttpClient } from "./http-client.ts";

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
      const waitSeconds = deadline.pollSeconds;
      try {
        const outcome = await this.#client.send<Value>(this.#requestOf(call, waitSeconds), call, wasTried);
        if (deadline.isOver || !isInVain(outcome.value)) return outcome;
      } catch (error) {
        const reason = error instanceof Unavailable ? error.cause : error;
        if (!isInVain(reason) || deadline.isOver) throw error;
      }
    }
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
