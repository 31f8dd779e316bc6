import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";

interface Manners {
  /** What it does with a socket that was opened. */
  socket?: (socket: WebSocket) => void;
  /** In place of opening sockets. */
  upgrade?: (socket: Duplex, request: IncomingMessage) => void;
  /** The answer in place of a socket, as it is sent; undefined opens the socket. */
  refusal?: () => { status: number; body: string } | undefined;
  /** How it answers plain requests. */
  request?: (request: IncomingMessage, response: ServerResponse) => void;
}

function refuse(wire: Duplex, { status, body }: { status: number; body: string }): void {
  const head = `HTTP/1.1 ${status} Refused\r\nContent-Type: application/problem+json\r\nConnection: close\r\n`;
  wire.end(`${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

/** Something that listens where a server of queues is expected. */
export class StrangeServer {
  /** How many sockets were asked for. */
  upgrades = 0;
  /** How many plain requests came. */
  requests = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Duplex>();

  private constructor({ socket, upgrade, refusal, request }: Manners) {
    const sockets = new WebSocketServer({ noServer: true });
    sockets.on("connection", (opened) => {
      opened.on("error", () => undefined);
      socket?.(opened);
    });
    this.#server = createServer((incoming, response) => {
      this.requests += 1;
      if (request === undefined) response.destroy();
      else request(incoming, response);
    });
    this.#server.on("connection", (wire) => {
      this.#sockets.add(wire);
      wire.on("error", () => undefined);
      wire.on("close", () => this.#sockets.delete(wire));
    });
    this.#server.on("upgrade", (incoming, wire: Duplex, head) => {
      this.upgrades += 1;
      const refused = refusal?.();
      if (upgrade !== undefined) upgrade(wire, incoming);
      else if (refused !== undefined) refuse(wire, refused);
      else sockets.handleUpgrade(incoming, wire, head, (opened) => sockets.emit("connection", opened, incoming));
    });
  }

  static async start(manners: Manners): Promise<StrangeServer> {
    const server = new StrangeServer(manners);
    await new Promise<void>((listening) => server.#server.listen(0, "127.0.0.1", listening));
    return server;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** How many connections there are. */
  get connections(): number {
    return this.#sockets.size;
  }

  async stop(): Promise<void> {
    for (const wire of this.#sockets) wire.destroy();
    await new Promise((closed) => this.#server.close(closed));
  }
}
