/** The calls that the Worker and other objects make to the object of a queue. */
import type * as z from "zod";
import type { Problem } from "../contract/problems.ts";
import type { ReceiveTransferCommand } from "../queue/base/commands.ts";
import type { Principal } from "./principal.ts";
import type { Reply } from "./reply.ts";
import type { CallVerb, VERBS } from "./verbs/index.ts";

/** What belongs to a request beside its fields. */
export interface AskContext {
  /** Who asks. The queue's object trusts its caller in this: a client cannot call it. */
  principal: Principal;
  /** As the header `Idempotency-Key` over HTTP. */
  idempotencyKey?: string | undefined;
  /** Identifies the wait of a request that waits, for `abandon`. */
  waitId?: string | undefined;
  /** The `API_VERSION` of the caller. Default: that of the object. */
  version?: number | undefined;
}

/** What a typed call of a verb is answered with. */
export type Answer<Name extends CallVerb> =
  | { ok: true; reply: z.output<(typeof VERBS)[Name]["reply"]> }
  | { ok: false; problem: Problem };

/** One typed call for each verb that needs no socket. */
export type VerbCalls = {
  [Name in CallVerb]: (request: z.input<(typeof VERBS)[Name]["request"]>, context: AskContext) => Promise<Answer<Name>>;
};

/** Messages that one queue sends to another. */
export interface Transfer extends Omit<ReceiveTransferCommand, "verb"> {
  /** The `API_VERSION` of the sender. */
  version: number;
}

/** The calls of a queue's object. */
export interface QueueCalls extends VerbCalls {
  /**
   * Takes a request of any verb that needs no socket. The promise resolves when the outcome is known and durable, after
   * the wait of a request that waits. It rejects only if the platform fails.
   *
   * @param verb its name
   * @param request an object, or its JSON text; it is checked here
   */
  ask(verb: string, request: unknown, context: AskContext): Promise<Reply>;
  /** Ends the wait of a call whose client is gone: it is answered as if it had timed out. */
  abandon(waitId: string): void | Promise<void>;
  /** Opens a WebSocket. The Worker has checked the request, and made this one by `socketRequest`. */
  fetch(request: Request): Promise<Response>;
  /** For other queues only: no request of a client leads to it. A transfer is stored once, however often it is sent. */
  receiveTransfer(transfer: Transfer): Promise<Reply>;
}

/** Who opens a connection, and from where. */
export interface ConnectionInfo {
  principal: Principal;
  /** The name that the client gives itself. */
  name?: string | undefined;
  /** As the platform reports it. */
  address?: string | undefined;
}

/** In a request that opens a socket: a `ConnectionInfo` as JSON, in percent encoding. */
const CONNECTION_HEADER = "X-Durable-Queue-Connection";

/** The request to a queue's object that opens a socket. Only the Worker makes it. */
export function socketRequest(connection: ConnectionInfo): Request {
  const text = encodeURIComponent(JSON.stringify(connection));
  return new Request("https://queue/socket", { headers: { Upgrade: "websocket", [CONNECTION_HEADER]: text } });
}

/** Who opens a connection with this request. */
export function connectionIn(request: Request): ConnectionInfo {
  return JSON.parse(decodeURIComponent(request.headers.get(CONNECTION_HEADER) ?? "")) as ConnectionInfo;
}
