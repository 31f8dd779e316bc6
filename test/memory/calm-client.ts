import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import { SOCKET_PROTOCOL } from "../../src/contract/socket-constants.ts";
import type { Server } from "../../src/local/server.ts";
import { Tally } from "./tally.ts";

const PAUSE_MS = 20;

/** A client that has nothing to do with the heavy traffic: it puts and gets small messages, one after the other. */
export class CalmClient {
  readonly #server: Pick<Server, "address">;
  readonly #authkey: string;
  readonly #deadlineMs: number;
  readonly answers = new Tally();
  readonly latenciesMs: number[] = [];
  readonly faults: string[] = [];
  isStopped = false;

  /** @param deadlineMs how long an answer may take */
  constructor(server: Pick<Server, "address">, authkey: string, deadlineMs: number) {
    this.#server = server;
    this.#authkey = authkey;
    this.#deadlineMs = deadlineMs;
  }

  /** Puts and gets over a socket and over HTTP by turns, until it is stopped or an answer does not come. */
  async run(): Promise<void> {
    const socket = new WebSocket(
      `${this.#server.address.replace("http", "ws")}/v1/queues/calm/socket`,
      [SOCKET_PROTOCOL],
      {
        headers: { Authorization: `Bearer ${this.#authkey}` },
      },
    );
    const ended = new Promise<never>((_, reject) => {
      socket.on("close", (code) => reject(new Error(`the connection ended with ${code}`)));
      socket.on("error", reject);
    });
    ended.catch(() => undefined);
    try {
      const opened = new Promise<string>((settle) => socket.once("open", () => settle("opened")));
      await this.#timed("the opening", Promise.race([opened, ended]));
      for (let id = 0; !this.isStopped; id += 2) {
        await this.#timed(
          "put",
          Promise.race([ask(socket, `{"id":${id},"verb":"put","lines":1}\n{"n":${id}}`), ended]),
        );
        const get = `{"id":${id + 1},"verb":"receive","request":{"autoAck":true}}`;
        await this.#timed("receive", Promise.race([ask(socket, get), ended]));
        await this.#timed("put over HTTP", this.#post("messages", { messages: [{ body: id }] }));
        await this.#timed("receive over HTTP", this.#post("receive", { autoAck: true }));
        await sleep(PAUSE_MS);
      }
    } catch (error) {
      this.faults.push(`The calm client: ${error instanceof Error ? error.message : String(error)}`);
    }
    socket.terminate();
  }

  async #timed(what: string, asked: Promise<string>): Promise<void> {
    const startedAt = performance.now();
    const timer = new AbortController();
    const late = sleep(this.#deadlineMs, undefined, { signal: timer.signal }).then(
      () => {
        throw new Error(`${what} was not answered in ${this.#deadlineMs} ms`);
      },
      () => "",
    );
    try {
      this.answers.add(await Promise.race([asked, late]));
    } finally {
      timer.abort();
    }
    this.latenciesMs.push(performance.now() - startedAt);
  }

  async #post(path: string, request: object): Promise<string> {
    const response = await fetch(`${this.#server.address}/v1/queues/calm/${path}`, {
      method: "POST",
      headers: { Authorization: `Bearer ${this.#authkey}` },
      body: JSON.stringify(request),
    });
    return codeOf(await response.text());
  }
}

/** Says something and answers with the code of what comes next. */
function ask(socket: WebSocket, frame: string): Promise<string> {
  return new Promise((settle) => {
    socket.once("message", (data: Buffer) => settle(codeOf(data.toString())));
    socket.send(frame);
  });
}

function codeOf(text: string): string {
  return /"code":"(\w+)"/.exec(text)?.[1] ?? "reply";
}
