/** The text of one frame, in characters: the line that passes the bound is the last of its frame. */
const FRAME_CHARACTERS_MAX = 1024 * 1024;

/** Bytes given to the platform that the client has not read: after the frame that passes the bound no more is sent. */
const IN_FLIGHT_BYTES_MAX = 1024 * 1024;

/**
 * The lines to be sent on one connection.
 *
 * The platform keeps what a client does not read, without a bound, even after the server has closed the connection. So
 * it is given little at a time, judged by its `bufferedAmount`; the rest stays here, where it is counted and can be
 * dropped.
 */
export class Outbox {
  readonly #socket: WebSocket;
  #lines: string[] = [];
  /** Characters of the lines. */
  #characters = 0;
  /** Bytes given to the platform since the connection was opened. */
  #sent = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  add(line: string): void {
    this.#lines.push(line);
    this.#characters += line.length;
  }

  /** What the client has not read: characters here plus bytes at the platform. */
  get unread(): number {
    return this.#characters + this.inFlight;
  }

  /** Bytes that the client has read: grows as it reads. */
  get taken(): number {
    return this.#sent - this.inFlight;
  }

  /** Bytes at the platform that are not sent. Runtimes from before November 2026 do not count them. */
  get inFlight(): number {
    return this.#socket.bufferedAmount ?? 0;
  }

  /** Sends lines up to `IN_FLIGHT_BYTES_MAX`. Returns whether the connection is open. */
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

  /** Whether all lines were given to the platform. */
  get isEmpty(): boolean {
    return this.#lines.length === 0;
  }

  /** Forgets the lines that were not sent. */
  drop(): void {
    this.#lines = [];
    this.#characters = 0;
  }
}
