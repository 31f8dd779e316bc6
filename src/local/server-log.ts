import type { Readable } from "node:stream";
import { LINE_CHARACTERS_MAX, LogLimit, reasonIn, WINDOW_MS } from "./log-limit.ts";

/** How many of the last lines are searched for the reason of an end. */
const LAST_LINES = 50;

/** A harmless warning at each start because of `--expose-gc`: workerd compiles its own scripts again. */
const KNOWN_WARNING = /warning: .*bootstrap compile cache failed its compatibility check/;

/** The standard error of workerd: kept while it starts, then passed on to this process's within a limit. */
export class ServerLog {
  readonly #last: string[] = [];
  readonly #limit = new LogLimit();
  #begun = "";
  #isPassedOn = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(stream: Readable) {
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => this.#take(text));
    stream.on("close", () => {
      if (this.#begun !== "") this.#line(this.#begun);
      clearTimeout(this.#timer);
      this.#print(this.#limit.endWindow(Number.POSITIVE_INFINITY));
    });
  }

  /** Passes further lines on to the operator. */
  passOn(): void {
    this.#isPassedOn = true;
  }

  /** How the process ended, with the reason from its last lines, if they have one. */
  ending(how: string): string {
    const reason = reasonIn(this.#last);
    return reason === "" ? how : `${how}: ${reason}`;
  }

  #take(text: string): void {
    const lines = (this.#begun + text).split("\n");
    const begun = lines.pop() ?? "";
    // An endless line must not be kept without bound.
    const isTooLong = begun.length > 2 * LINE_CHARACTERS_MAX;
    if (isTooLong) lines.push(begun);
    this.#begun = isTooLong ? "" : begun;
    for (const line of lines) this.#line(line);
  }

  #line(line: string): void {
    if (KNOWN_WARNING.test(line)) return;
    this.#last.push(line.slice(0, LINE_CHARACTERS_MAX));
    if (this.#last.length > LAST_LINES) this.#last.shift();
    if (!this.#isPassedOn) return;
    this.#print(this.#limit.take(line, performance.now()));
    this.#watchWindow();
  }

  /** Logs the count of lines that were left out even if no further line comes. */
  #watchWindow(): void {
    if (!this.#limit.isBehind) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#print(this.#limit.endWindow(performance.now()));
      this.#watchWindow();
    }, WINDOW_MS).unref();
  }

  #print(lines: string[]): void {
    if (lines.length > 0) process.stderr.write(`${lines.join("\n")}\n`);
  }
}
