import type { WebSocket } from "ws";
import { SOCKET_PROTOCOL } from "../../../src/contract/socket-constants.ts";
import { warnOnce } from "../base/platform.ts";
import {
  connectFailureOf,
  type Opening,
  PAGE_CHARACTERS_MAX,
  type Target,
  type Wire,
  type WireEvents,
} from "./wire.ts";

/** How long a closing handshake may take, in milliseconds. */
const CLOSING_MS = 1_000;

/** The parts of a TCP or TLS connection that are used. The types of Node are not everywhere. */
interface Tcp {
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly writableLength: number;
  ref(): unknown;
  unref(): unknown;
  destroy(): unknown;
}

/** The parts of an answer to a request that are used. */
interface Answer {
  readonly statusCode?: number | undefined;
  readonly socket: Tcp;
  setEncoding(encoding: "utf8"): unknown;
  on(event: string, listener: (chunk: string) => void): unknown;
  destroy(): unknown;
}

/** Opens a socket with the package `ws`: in Node and Deno. */
export async function openWsWire(target: Target, events: WireEvents): Promise<Opening> {
  let socket: WebSocket;
  try {
    const library = await import("ws");
    socket = new library.WebSocket(target.url, [SOCKET_PROTOCOL], optionsOf(target));
  } catch (error) {
    // Not every runtime can load it, and bundles for runtimes without such connections leave it out.
    const cause = error instanceof Error ? error : new Error(String(error));
    warnOnce(
      "DURABLE_QUEUE_NO_WS",
      `durable-queue: the package ws cannot be loaded (${cause.message}), so that calls go over HTTP, which is slower. Leave ws out of a bundle: external.`,
    );
    events.connectFailed({ kind: "unsupported", cause });
    return { giveUp: () => false };
  }
  return new WsOpening(socket, target, events);
}

function optionsOf({ authkey }: Target) {
  return {
    headers: { Authorization: `Bearer ${authkey}` },
    // Compression costs more than it saves, and the server does not offer it.
    perMessageDeflate: false,
    maxPayload: 0,
    closeTimeout: CLOSING_MS,
  };
}

class WsOpening implements Opening {
  readonly #socket: WebSocket;
  readonly #target: Target;
  readonly #events: WireEvents;
  #isOver = false;
  /** The answer that came in place of a socket. */
  #answer: { response: Answer; wire: Tcp } | undefined;
  #page = "";

  constructor(socket: WebSocket, target: Target, events: WireEvents) {
    this.#socket = socket;
    this.#target = target;
    this.#events = events;
    let wire: Tcp | undefined;
    socket.on("upgrade", (response) => {
      wire = response.socket;
    });
    socket.on("open", () => {
      this.#isOver = true;
      events.opened(new WsWire(socket, wire));
    });
    socket.on("message", (data: { toString(): string }, isBinary: boolean) =>
      events.frame(isBinary ? undefined : data.toString()),
    );
    socket.on("error", (cause) => {
      if (!this.#isOver) events.connectFailed({ kind: isDropped(cause) ? "dropped" : "failed", cause });
      this.#isOver = true;
    });
    socket.on("close", (code, reason) => {
      if (wire !== undefined) events.closed(`${code} ${reason.toString()}`.trim());
    });
    socket.on("unexpected-response", (request, response) => this.#read(request, response));
  }

  giveUp(): boolean {
    if (this.#isOver) return true;
    if (this.#answer !== undefined) {
      this.#refuse();
      return true;
    }
    this.#isOver = true;
    this.#socket.terminate();
    return false;
  }

  /** Reads the page that came in place of a socket. */
  #read(request: Pick<Answer, "on">, response: Answer): void {
    this.#answer = { response, wire: response.socket };
    const end = () => this.#refuse();
    response.setEncoding("utf8");
    response.on("data", (chunk: string) => {
      this.#page += chunk;
      if (this.#page.length > PAGE_CHARACTERS_MAX) end();
    });
    for (const event of ["end", "error", "close"]) response.on(event, end);
    request.on("error", end);
  }

  /** Destroys the connection: left open, it would keep the process alive. */
  #refuse(): void {
    if (this.#answer === undefined) return;
    const { response, wire } = this.#answer;
    response.destroy();
    wire.destroy();
    if (this.#isOver) return;
    this.#isOver = true;
    this.#events.connectFailed(connectFailureOf(response.statusCode ?? 0, this.#page, this.#target));
  }
}

class WsWire implements Wire {
  readonly #socket: WebSocket;
  readonly #wire: Tcp | undefined;

  constructor(socket: WebSocket, wire: Tcp | undefined) {
    this.#socket = socket;
    this.#wire = wire;
  }

  get life(): number {
    const wire = this.#wire;
    return wire === undefined ? 0 : wire.bytesRead + wire.bytesWritten - wire.writableLength;
  }

  get canUnref(): boolean {
    return this.#wire !== undefined;
  }

  send(text: string): void {
    // Without the function, a send while the connection ends would throw; `closed` is called for it.
    this.#socket.send(text, () => undefined);
  }

  hold(isHeld: boolean): void {
    if (isHeld) this.#wire?.ref();
    else this.#wire?.unref();
  }

  close(): void {
    this.#socket.close(1000);
  }

  terminate(): void {
    this.#socket.terminate();
  }
}

/** Whether the machine was reached, and the connection ended without opening a socket. */
function isDropped(cause: Error & { code?: string }): boolean {
  return cause.code === undefined || cause.code === "ECONNRESET" || cause.code.startsWith("WS_ERR_");
}
