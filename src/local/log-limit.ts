/** So many lines of the server's own log are passed on in `WINDOW_MS`; what is more is counted, and the count is told. */
export const LINES_MAX = 100;

/** The time in which at most `LINES_MAX` lines are passed on, in milliseconds. */
export const WINDOW_MS = 10_000;

/** What is longer of one line is left out, and said so, in characters. */
export const LINE_CHARACTERS_MAX = 2_000;

/** What a line of a reason is cut to, in characters. */
const REASON_CHARACTERS_MAX = 200;

/** Decides which lines of a log are passed on. It has no clock: the time comes in with each call. */
export class LogLimit {
  #windowStartedAt = Number.NEGATIVE_INFINITY;
  #passed = 0;
  #leftOut = 0;

  /** The lines to be passed on for this one: itself, before it what is to be told of earlier ones, or none. */
  take(line: string, nowMs: number): string[] {
    const lines = this.endWindow(nowMs);
    if (this.#passed === LINES_MAX) {
      this.#leftOut += 1;
      return lines;
    }
    if (this.#passed === 0) this.#windowStartedAt = nowMs;
    this.#passed += 1;
    const excess = line.length - LINE_CHARACTERS_MAX;
    lines.push(excess > 0 ? `${line.slice(0, LINE_CHARACTERS_MAX)}… (${excess} more characters)` : line);
    return lines;
  }

  /** What is to be told when a window is over by `nowMs`. With `Infinity`: at the end of the log. */
  endWindow(nowMs: number): string[] {
    if (nowMs < this.#windowStartedAt + WINDOW_MS) return [];
    const leftOut = this.#leftOut;
    this.#passed = 0;
    this.#leftOut = 0;
    return leftOut === 0 ? [] : [`${leftOut} more lines were left out`];
  }

  /** Whether lines have been left out of which nothing has been told yet. */
  get isBehind(): boolean {
    return this.#leftOut > 0;
  }
}

/** What is no reason by itself: addresses and names of functions in a trace, and headlines above the reason. */
const TRACE = /^(\s*$|\s+at |stack: |[0-9a-f ]{16,}$|\S+@[0-9a-f]+|#\s*$|==== |\*\*\* |\s*\/\S+\(\S*\))/;

/** The last line that says something of the last lines of a server, cut to one sentence's length; "" for none. */
export function reasonIn(lines: readonly string[]): string {
  const line = lines.findLast((candidate) => !TRACE.test(candidate))?.trim() ?? "";
  // What it stands beside in workerd's sources says nothing to an operator.
  const text = line.replace(/^\S+\.(rs|c\+\+|h|cc):\d+: /, "").replace(/; (stack|sentryErrorContext) .*/, "");
  return text.length > REASON_CHARACTERS_MAX ? `${text.slice(0, REASON_CHARACTERS_MAX)}…` : text;
}
