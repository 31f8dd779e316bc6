import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { WebSocket } from "ws";
import type { ServerLine } from "../../src/contract/socket.ts";
import { PING, PONG, SOCKET_PROTOCOL } from "../../src/contract/socket-protocol.ts";
import { isFinal } from "./call.ts";
import { QueueError } from "./errors.ts";
import { problemErrorOf } from "./problems.ts";

/** How long an opening may take. */
const OPENING_MS = 10_000;
/** After so long without a word the other side is asked whether it is there; after so long again it is not. */
const SILENCE_MS = 7_500;
/** The page of a proxy is not read further than this. */
const PAGE_CHARACTERS_MAX = 10_000;

/** Why a socket did not open. */
export type Refusal =
  /** The server says why, and will say it again. */
  | { kind: "refused"; error: QueueError }
  /** Something answers, but lets no socket through. */
  | { kind: "unsupported"; cause: Error }
  /** Something is there, but the connection ended without an answer. */
  | { kind: "dropped"; cause: Error }
  /** Nothing answers, or nobody knows. */
  | { kind: "failed"; cause: Error };

export interface LinkEvents {
  /** A line came. */
  heard(line: ServerLine): void;
  /** The connection is gone. Called once. */
  lost(link: SocketLink, cause: Error): void;
  /** Called now and then while somebody waits for something. */
  tick(): void;
}

/** One open WebSocket. */
export class SocketLink {
  readonly #socket: WebSocket;
  readonly #wire: Socket;
  readonly #events: LinkEvents;
  readonly #timer: NodeJS.Timeout;
  /** When something was last heard. */
  heardAt = 0;
  /** Since when it is silent, or was asked why. */
  #silentSince = performance.now();
  #wasUsed = false;
  #isAsked = false;
  #isBusy = true;

  private constructor(socket: WebSocket, wire: Socket, events: LinkEvents) {
    this.#socket = socket;
    this.#wire = wire;
    this.#events = events;
    this.#timer = setInterval(() => this.#watch(), SILENCE_MS / 3).unref();
    socket.on("message", (frame: Buffer) => this.#hear(frame.toString()));
    socket.on("close", (code, reason) => {
      clearInterval(this.#timer);
      events.lost(this, new QueueError("disconnected", `The connection ended: ${code} ${reason.toString()}`.trim()));
    });
  }

  static open(url: string, authkey: string, events: LinkEvents): Promise<SocketLink | Refusal> {
    return new Promise((settle) => {
      const socket = new WebSocket(url, [SOCKET_PROTOCOL], {
        headers: { Authorization: `Bearer ${authkey}` },
        handshakeTimeout: OPENING_MS,
        // It costs more than it saves, and the server has none either.
        perMessageDeflate: false,
        maxPayload: 0,
      });
      let wire: Socket | undefined;
      socket.on("error", (cause) => settle({ kind: isDropped(cause) ? "dropped" : "failed", cause }));
      socket.on("unexpected-response", (_, response) => void refusalOf(response).then(settle));
      socket.on("upgrade", (response) => {
        wire = response.socket;
      });
      socket.on("open", () => settle(new SocketLink(socket, wire as Socket, events)));
    });
  }

  /** Whether it was spoken to and said nothing. */
  get isBarren(): boolean {
    return this.#wasUsed && this.heardAt === 0;
  }

  send(frame: string): void {
    this.#wasUsed = true;
    this.#socket.send(frame);
  }

  /** Keeps the process alive while it is busy, and only then. */
  set isBusy(isBusy: boolean) {
    if (isBusy === this.#isBusy) return;
    this.#isBusy = isBusy;
    if (isBusy) this.#wire.ref();
    else this.#wire.unref();
    // It may have been silent because there was nothing to say.
    if (isBusy) this.#silentSince = performance.now();
  }

  /** Ends the connection in order. */
  close(): void {
    this.#socket.close(1000);
  }

  /** Gives the connection up. */
  terminate(): void {
    this.#socket.terminate();
  }

  #hear(frame: string): void {
    this.heardAt = performance.now();
    this.#silentSince = this.heardAt;
    this.#isAsked = false;
    if (frame === PONG) return;
    for (const line of frame.split("\n")) this.#events.heard(JSON.parse(line) as ServerLine);
  }

  #watch(): void {
    if (!this.#isBusy) return;
    this.#events.tick();
    if (performance.now() - this.#silentSince < SILENCE_MS) return;
    if (this.#isAsked) {
      this.terminate();
    } else {
      this.#isAsked = true;
      this.#silentSince = performance.now();
      this.send(PING);
    }
  }
}

/** Whether the machine was reached, and the connection ended or said nothing that opens a socket. */
function isDropped(cause: NodeJS.ErrnoException): boolean {
  return cause.code === undefined || cause.code === "ECONNRESET";
}

/** What an answer means that is not the opening of a socket. */
async function refusalOf(response: IncomingMessage): Promise<Refusal> {
  const status = response.statusCode ?? 0;
  let text = "";
  try {
    for await (const chunk of response.setEncoding("utf8")) {
      text += chunk;
      if (text.length > PAGE_CHARACTERS_MAX) break;
    }
  } catch {
    // What has come of it must do.
  }
  const error = problemErrorOf(text);
  // A proxy that does not know of sockets may pass on the request without their headers.
  const isLost = error === undefined || error.code === "upgrade_required" || error.code === "not_found";
  if (isLost) {
    return {
      kind: "unsupported",
      cause: new QueueError("unexpected", `The answer was ${status}: ${text.slice(0, 200)}`),
    };
  }
  return isFinal(status, error) ? { kind: "refused", error } : { kind: "failed", cause: error };
}
