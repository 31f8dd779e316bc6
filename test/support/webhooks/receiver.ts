import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { WebhookBatch } from "../../../worker-client/webhooks/index.ts";

/** A request that a receiver was sent. */
export interface Sent {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  text: string;
  batch: WebhookBatch;
}

/** What a receiver answers: a status, a status with a body, or whatever the function does with the response. */
export type Answer =
  | number
  | { status: number; headers?: Record<string, string>; body?: string }
  | ((response: ServerResponse, sent: Sent) => void);

/** A receiver of webhooks on this machine. */
export class Receiver {
  /** All that it was sent, in their order. */
  readonly sent: Sent[] = [];
  /** How many requests are under way, and how many there were at most. */
  underWay = 0;
  most = 0;
  /** What it answers from now on. A list is used up first, one answer for each request. */
  answer: Answer = 204;
  readonly answers: Answer[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #port = 0;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.underWay += 1;
      this.most = Math.max(this.most, this.underWay);
      response.on("close", () => {
        this.underWay -= 1;
      });
      response.on("error", () => undefined);
      const chunks: Buffer[] = [];
      request.on("error", () => undefined);
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        const { method = "", url: path = "", headers } = request;
        const sent = { method, path, headers, text, batch: (text === "" ? {} : JSON.parse(text)) as WebhookBatch };
        this.sent.push(sent);
        reply(response, this.answers.shift() ?? this.answer, sent);
      });
    });
    this.#server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => this.#sockets.delete(socket));
    });
  }

  static async start(): Promise<Receiver> {
    const receiver = new Receiver();
    await receiver.listen();
    return receiver;
  }

  /** Listens, on the port of before. */
  async listen(): Promise<void> {
    await new Promise<void>((listening) => this.#server.listen(this.#port, "127.0.0.1", listening));
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/hook`;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  /** The bodies of all messages that it was sent. */
  get bodies(): unknown[] {
    return this.sent.flatMap(({ batch }) => batch.messages.map(({ body }) => body));
  }

  /** Ends all connections, and listens no more. */
  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    if (this.#server.listening) await new Promise((closed) => this.#server.close(closed));
  }
}

function reply(response: ServerResponse, answer: Answer, sent: Sent): void {
  if (typeof answer === "function") {
    answer(response, sent);
    return;
  }
  const { status, headers = {}, body } = typeof answer === "number" ? { status: answer } : answer;
  response.writeHead(status, body === undefined ? headers : { "content-type": "application/json", ...headers });
  response.end(body);
}
