import type { Io } from "../base/io.ts";

const ENTER = "\u001b[?1049h\u001b[?25l";
const LEAVE = "\u001b[?25h\u001b[?1049l";
const HOME = "\u001b[H";
const CLEAR_LINE = "\u001b[K";
const CLEAR_REST = "\u001b[J";

/** The whole terminal, for pictures that replace each other. What was on it before is there again afterwards. */
export class Screen {
  readonly #io: Io;
  readonly #forget: () => void;
  #isOpen = true;

  constructor(io: Io) {
    this.#io = io;
    io.stdout.write(ENTER);
    // A second Ctrl-C ends the process at once: the terminal is given back then too.
    this.#forget = io.atExit(() => this.#leave());
  }

  /** Shows these lines, as many as there is room for. */
  show(lines: readonly string[]): void {
    const rows = this.#io.stdout.rows ?? 24;
    const shown = lines.slice(0, rows - 1).map((line) => `${line}${CLEAR_LINE}\n`);
    this.#io.stdout.write(`${HOME}${shown.join("")}${CLEAR_REST}`);
  }

  close(): void {
    this.#forget();
    this.#leave();
  }

  #leave(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#io.stdout.write(LEAVE);
  }
}
