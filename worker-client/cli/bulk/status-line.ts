import type { OutputStream } from "../base/io.ts";
import { columnsOf } from "../base/table.ts";
import { cutText } from "../base/text.ts";

/** How often the line is drawn again, in milliseconds. */
const DRAW_MS = 100;

/** What a command waits for, on the last line of a terminal. Elsewhere nothing is drawn. */
export class StatusLine {
  readonly #stream: OutputStream;
  #timer: NodeJS.Timeout | undefined;

  constructor(stream: OutputStream) {
    this.#stream = stream;
  }

  /** @param text called with the seconds since then when the line is drawn */
  start(text: (seconds: number) => string): void {
    if (this.#stream.isTTY !== true) return;
    const beganAt = performance.now();
    this.#timer = setInterval(() => {
      const seconds = Math.floor((performance.now() - beganAt) / 1_000);
      // One column less, because some terminals go to the next line behind the last.
      const line = cutText(text(seconds), columnsOf(this.#stream) - 1);
      this.#stream.write(`\r\u001b[K${line}`);
    }, DRAW_MS);
    this.#timer.unref();
  }

  /** Removes the line, so that another one can be written; it is drawn again later. */
  clear(): void {
    if (this.#timer !== undefined) this.#stream.write("\r\u001b[K");
  }

  /** Removes the line for good. */
  end(): void {
    this.clear();
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
