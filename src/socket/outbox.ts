/** The text of one frame: with the line that passes the bound the frame ends. */
const FRAME_CHARACTERS_MAX = 1024 * 1024;

/** How much may be given to the platform that the other side has not read: with the frame that passes it no more is. */
const IN_FLIGHT_BYTES_MAX = 1024 * 1024;

/**
 * What is to be sent on one connection, as lines.
 *
 * The platform keeps what a client does not read, without a bound, also after the connection was closed from here. So
 * it is given little at a time, by what it says has not left (`bufferedAmount`); the rest stays here, where it is
 * counted, and can be dropped.
 */
export class Outbox {
  readonly #socket: WebSocket;
  #lines: string[] = [];
  /** The text of the lines. */
  #characters = 0;
  /** What was given to the platform over all, in bytes. */
  #sent = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  add(line: string): void {
    this.#lines.push(line);
    this.#characters += line.length;
  }

  /** What the connection has not taken, in characters here and in bytes at the platform. */
  get unread(): number {
    return this.#characters + this.inFlight;
  }

  /** Grows as the connection takes what was sent. */
  get taken(): number {
    return this.#sent - this.inFlight;
  }

  /** What the platform has not handed on, in bytes. It has no count in a runtime from before November 2026. */
  get inFlight(): number {
    return this.#socket.bufferedAmount ?? 0;
  }

  /** Sends as many lines as may be under way. Answers whether the connection is open. */
  send(): boolean {
    if (this.#socket.readyState !== WebSocket.OPEN) this.drop();
    let inFlight = this.inFlight;
    let begin = 0;
    while (begin < this.#lines.length && inFlight < IN_FLIGHT_BYTES_MAX) {
      let end = begin;
      let characters = 0;
      for (; end < this.#lines.length && characters < FRAME_CHARACTERS_MAX; end += 1) {
        characters += (this.#lines[end] as string).length;
      }
      this.#socket.send(this.#lines.slice(begin, end).join("\n"));
      this.#characters -= characters;
      this.#sent += this.inFlight - inFlight;
      inFlight = this.inFlight;
      begin = end;
    }
    this.#lines = begin === 0 ? this.#lines : this.#lines.slice(begin);
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** Whether all of it was given to the platform. */
  get isEmpty(): boolean {
    return this.#lines.length === 0;
  }

  /** Forgets what was not sent. */
  drop(): void {
    this.#lines = [];
    this.#characters = 0;
  }
}
