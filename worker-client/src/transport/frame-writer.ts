import { FRAME_LINES_MAX, FRAME_OPERATIONS_MAX } from "../../../src/contract/limits.ts";

/** Operations that are sent together share frames up to about this size, in characters. */
const FRAME_CHARACTERS = 1_048_576;

/** Writes operations into frames, as few as the limits allow. */
export class FrameWriter {
  readonly #send: (frame: string) => void;
  #lines: string[] = [];
  #operations = 0;
  #characters = 0;

  constructor(send: (frame: string) => void) {
    this.#send = send;
  }

  /** Adds the lines of one operation. */
  add(lines: readonly string[]): void {
    let size = 0;
    for (const line of lines) size += line.length;
    const isFull = this.#lines.length + lines.length > FRAME_LINES_MAX || this.#operations === FRAME_OPERATIONS_MAX;
    if (isFull || this.#characters + size > FRAME_CHARACTERS) this.flush();
    for (const line of lines) this.#lines.push(line);
    this.#operations += 1;
    this.#characters += size;
  }

  /** Sends what was added. */
  flush(): void {
    if (this.#operations > 0) this.#send(this.#lines.join("\n"));
    this.#lines = [];
    this.#operations = 0;
    this.#characters = 0;
  }
}
