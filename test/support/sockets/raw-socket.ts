import { once } from "node:events";
import { WebSocket } from "ws";
import { SOCKET_PROTOCOL } from "../../../src/contract/socket-constants.ts";
import { SocketReplies } from "../replies.ts";
import { AUTHKEY } from "../server.ts";

// Tests look into lines of many shapes; what they expect of one is asserted there.
// biome-ignore lint/suspicious/noExplicitAny: see above
type Line = any;

/** A queue's socket without the client: what is said on it is written out. */
export class RawSocket {
  readonly #socket: WebSocket;
  readonly #lines: Line[] = [];
  readonly #replies = new SocketReplies();
  #heard = () => {};
  #ids = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (frame: Buffer) => {
      for (const text of frame.toString().split("\n")) {
        const line = text === "pong" ? text : JSON.parse(text);
        this.#replies.check(line);
        this.#lines.push(line);
      }
      this.#heard();
    });
  }

  static async open(address: string, queue: string, authkey = AUTHKEY): Promise<RawSocket> {
    const url = `${address.replace("http", "ws")}/v1/queues/${queue}/socket`;
    const headers = { Authorization: `Bearer ${authkey}` };
    const socket = new WebSocket(url, [SOCKET_PROTOCOL], { headers, perMessageDeflate: false });
    const raw = new RawSocket(socket);
    await once(socket, "open");
    return raw;
  }

  /** Sends a frame as it is. */
  say(frame: string | Uint8Array): void {
    if (typeof frame === "string") this.#replies.sent(frame);
    this.#socket.send(frame);
  }

  /** Sends one operation and answers with its id. */
  begin(verb: string, request: object = {}, bodies: unknown[] = [], key?: string): number {
    this.#ids += 1;
    const lines = bodies.length > 0 ? { lines: bodies.length } : {};
    const operation = { id: this.#ids, verb, request, ...lines, ...(key === undefined ? {} : { key }) };
    this.say([operation, ...bodies].map((line) => JSON.stringify(line)).join("\n"));
    return this.#ids;
  }

  /** Sends one operation and waits for its answer. */
  async ask(verb: string, request: object = {}, bodies: unknown[] = [], key?: string): Promise<Line> {
    const id = this.begin(verb, request, bodies, key);
    return this.next((line) => line.id === id);
  }

  /** The next line, or the next of which something is true. It is taken. */
  async next(isMeant: (line: Line) => boolean = () => true): Promise<Line> {
    for (;;) {
      const place = this.#lines.findIndex(isMeant);
      if (place >= 0) return this.#lines.splice(place, 1)[0];
      await new Promise<void>((heard) => {
        this.#heard = heard;
      });
    }
  }

  /** The lines that have come and were not taken. */
  get untaken(): readonly Line[] {
    return this.#lines;
  }

  /** Stops reading what the server sends. */
  pause(): void {
    this.#socket.pause();
  }

  /** Goes on reading. */
  resume(): void {
    this.#socket.resume();
  }

  /** Cuts the connection. */
  terminate(): void {
    this.#socket.terminate();
  }

  async close(): Promise<void> {
    this.#socket.close();
    await once(this.#socket, "close");
  }

  /** Kept when the other side ends the connection, with why. */
  async closed(): Promise<{ code: number; reason: string }> {
    const [code, reason] = (await once(this.#socket, "close")) as [number, Buffer];
    return { code, reason: reason.toString() };
  }
}
