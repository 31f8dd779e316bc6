import type { Problem } from "../../src/contract/problems.ts";
import type { PutsReply, ServerLine } from "../../src/contract/socket.ts";
import { errorOf, type QueueError } from "./errors.ts";
import type { PendingCall } from "./pending-call.ts";

/** Puts of one message each that share an operation: less text around each, and one answer to read for all. */
export class SharedPuts {
  readonly #puts: readonly PendingCall[];

  constructor(puts: readonly PendingCall[]) {
    this.#puts = puts;
  }

  /** The lines to send for them. */
  takeLines(id: number): string[] {
    const lines = this.#puts.flatMap((put) => put.takeShare());
    const keys = this.#puts.map(({ call }) => call.idempotencyKey);
    const runs = this.#puts.map(({ call }) => call.messages?.runs?.[0]);
    const request = runs.some((run) => run !== undefined) ? { messages: runs.map((run) => run ?? {}) } : undefined;
    return [JSON.stringify({ id, verb: "put", request, keys, lines: lines.length }), ...lines];
  }

  /** What has become of each: its id, or why it was refused. Undefined for all where one of them broke a rule. */
  *outcomes(line: Extract<ServerLine, { id: number }>): Generator<[PendingCall, string | QueueError | undefined]> {
    const { ids, problems } = ("reply" in line ? line.reply : {}) as Partial<PutsReply>;
    for (const [index, put] of this.#puts.entries()) {
      const problem = problems?.[index] as Problem | null | undefined;
      yield [put, ids?.[index] ?? (problem ? errorOf(problem) : undefined)];
    }
  }
}
