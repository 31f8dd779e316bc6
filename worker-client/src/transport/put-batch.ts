import type { MessageRun, PutsReply, ServerLine } from "../../../src/api/types.ts";
import type { QueueError } from "../base/errors.ts";
import { errorOf, isProblem, type Place } from "../base/problem-errors.ts";
import { isText } from "../base/reply-shapes.ts";
import type { PendingCall } from "./pending-call.ts";

const NO_OPTIONS: MessageRun = {};
const NO_OPTIONS_TEXT = JSON.stringify(NO_OPTIONS);

/** Puts of one message each that share an operation: less text around each, and one answer to read for all. */
export class PutBatch {
  readonly #puts: readonly PendingCall[];

  constructor(puts: readonly PendingCall[]) {
    this.#puts = puts;
  }

  /** The lines to send for them. */
  takeLines(id: number): string[] {
    const lines = [""];
    const keys: string[] = [];
    const messages: MessageRun[] = [];
    let last = "";
    let isAnySpecial = false;
    const now = performance.now();
    for (const put of this.#puts) {
      const { line, key, run } = put.takeForBatch(now);
      lines.push(line);
      keys.push(key);
      isAnySpecial ||= run !== undefined;
      // Messages with the same options share a run, which the server checks once: mostly jobs of one task.
      const text = run === undefined ? NO_OPTIONS_TEXT : JSON.stringify(run);
      const before = text === last ? messages.at(-1) : undefined;
      if (before === undefined) messages.push({ ...(run ?? NO_OPTIONS), count: 1 });
      else before.count = (before.count ?? 1) + 1;
      last = text;
    }
    const request = isAnySpecial ? { messages } : undefined;
    lines[0] = JSON.stringify({ id, verb: "put", request, keys, lines: keys.length });
    return lines;
  }

  /**
   * Calls `tell` for each put with its id, or with why it was refused. With undefined for all if one of them broke a
   * rule.
   */
  answer(
    line: Extract<ServerLine, { id: number }>,
    place: Place,
    tell: (put: PendingCall, outcome: string | QueueError | undefined) => void,
  ): void {
    const { ids, problems } = ("reply" in line ? line.reply : {}) as Partial<PutsReply>;
    for (const [index, put] of this.#puts.entries()) {
      const id = ids?.[index];
      const problem = problems?.[index];
      tell(put, isText(id) ? id : isProblem(problem) ? errorOf(problem, place) : undefined);
    }
  }
}
