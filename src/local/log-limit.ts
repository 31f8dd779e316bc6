/** The most lines of the server's own log that are passed on in `WINDOW_MS`. Further ones are counted, and the count is logged. */
export const LINES_MAX = 100;

/** The time in which at most `LINES_MAX` lines are passed on, in milliseconds. */
export const WINDOW_MS = 10_000;

/** Longer lines are cut to this, in characters, with a note. */
export const LINE_CHARACTERS_MAX = 2_000;

/** A reason is cut to this, in characters. */
const REASON_CHARACTERS_MAX = 200;

/** Decides which lines of a log are passed on. It has no clock: the time comes in with each call. */
export class LogLimit {
  #windowStartedAt = Number.NEGATIVE_INFINITY;
  #passed = 0;
  #leftOut = 0;

  /** The lines to pass on for this one: the count of earlier lines that were left out, if any, and the line, if it may pass. */
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

  /** The lines to pass on when a window is over by `nowMs`. `Infinity` stands for the end of the log. */
  endWindow(nowMs: number): string[] {
    if (nowMs < this.#windowStartedAt + WINDOW_MS) return [];
    const leftOut = this.#leftOut;
    this.#passed = 0;
    this.#leftOut = 0;
    return leftOut === 0 ? [] : [`${leftOut} more lines were left out`];
  }

  /** Whether lines were left out that are not reported yet. */
  get isBehind(): boolean {
    return this.#leftOut > 0;
  }
}

/** Lines that are not a reason: addresses and names of functions in a trace, and headlines above the reason. */
const TRACE = /^(\s*$|\s+at |stack: |[0-9a-f ]{16,}$|\S+@[0-9a-f]+|#\s*$|==== |\*\*\* |\s*\/\S+\(\S*\))/;

/** The last of these lines that is a reason, cut to `REASON_CHARACTERS_MAX`; "" if there is none. */
export function reasonIn(lines: readonly string[]): string {
  const line = lines.findLast((candidate) => !TRACE.test(candidate))?.trim() ?? "";
  // Without the place in workerd's sources, which does not help an operator.
  const text = line.replace(/^\S+\.(rs|c\+\+|h|cc):\d+: /, "").replace(/; (stack|sentryErrorContext) .*/, "");
  return text.length > REASON_CHARACTERS_MAX ? `${text.slice(0, REASON_CHARACTERS_MAX)}…` : text;
}
