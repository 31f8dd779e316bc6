/** How far a long command is, on the last line of a terminal. */
import type { OutputStream } from "../base/io.ts";
import { COLUMNS_DEFAULT } from "../base/table.ts";
import { cutText } from "../base/text.ts";

/** How often the line is drawn again, in milliseconds. */
const DRAW_MS = 100;

/** Characters of the bar. */
const BAR_CHARACTERS = 20;

/** How far it is. */
export interface Progress {
  /** What was done, as "1,200 messages put". */
  count: number;
  /** The part that is done, from 0 to 1; undefined where the end is not known. */
  part: number | undefined;
}

/** Draws how far a command is on standard error, if that is a terminal. */
export class ProgressLine {
  readonly #stream: OutputStream;
  readonly #what: string;
  readonly #progress: () => Progress;
  readonly #beganAt = performance.now();
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param what the count is of, as "messages put"
   * @param progress called when the line is drawn
   */
  constructor(stream: OutputStream, what: string, progress: () => Progress) {
    this.#stream = stream;
    this.#what = what;
    this.#progress = progress;
    if (stream.isTTY !== true) return;
    this.#timer = setInterval(() => this.#draw(), DRAW_MS);
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

  #draw(): void {
    const { count, part } = this.#progress();
    const seconds = (performance.now() - this.#beganAt) / 1_000;
    const rate = Math.round(count / seconds);
    const line = `${part === undefined ? "" : `${barOf(part)} `}${inThousands(count)} ${this.#what}, ${inThousands(rate)}/s${leftText(part, seconds)}`;
    // One column less, because some terminals go to the next line behind the last.
    this.#stream.write(`\r\u001b[K${cutText(line, (this.#stream.columns ?? COLUMNS_DEFAULT) - 1)}`);
  }
}

function barOf(part: number): string {
  const full = Math.round(Math.min(1, part) * BAR_CHARACTERS);
  const percent = String(Math.floor(Math.min(1, part) * 100)).padStart(3);
  return `${"#".repeat(full)}${".".repeat(BAR_CHARACTERS - full)} ${percent} %`;
}

function leftText(part: number | undefined, seconds: number): string {
  if (part === undefined || part <= 0 || part >= 1) return "";
  const left = Math.ceil((seconds / part) * (1 - part));
  return left < 60 ? `, ${left} s left` : `, ${Math.ceil(left / 60)} min left`;
}

/** A whole number as people read it: 1,200,000. */
export function inThousands(count: number): string {
  return count.toLocaleString("en-US");
}
