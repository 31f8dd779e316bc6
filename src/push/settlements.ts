import type { PushVerdict } from "../api/push.ts";
import type { Responder } from "../api/responder.ts";
import type { Command, Result } from "../queue/base/commands.ts";

/** A command of the queue itself. */
interface Submitted {
  command: Command;
  answer: Responder["answer"];
}

/** Submits commands together. The answers come when they are stored. Returns their request ids. */
export type Submit = (commands: readonly Submitted[]) => readonly number[];

/** The time and the timers of what pushes messages. */
export interface PumpClock {
  now(): number;
  /** Calls back after a number of milliseconds. Returns what cancels it. */
  after(ms: number, callback: () => void): () => void;
}

/** After how long a verdict that could not be stored is tried once more, in milliseconds. */
const AGAIN_MS = 1_000;

/** Gives a queue what was decided for its messages, for as long as their leases last. */
export class Settlements {
  readonly #submit: Submit;
  readonly #clock: PumpClock;

  constructor(submit: Submit, clock: PumpClock) {
    this.#submit = submit;
    this.#clock = clock;
  }

  /** @param until when the leases end, in milliseconds: what cannot be stored before is not tried any more */
  settle(receipts: readonly string[], verdicts: readonly PushVerdict[], until: number): void {
    this.#settleAll(settlementsOf(receipts, verdicts), until);
  }

  #settleAll(commands: readonly Command[], until: number): void {
    const refused: Command[] = [];
    let left = commands.length;
    const answerTo = (command: Command) => (_: number, result: Result) => {
      if (result.verb === "refused" && this.#clock.now() < until) refused.push(command);
      left -= 1;
      if (left === 0 && refused.length > 0) this.#clock.after(AGAIN_MS, () => this.#settleAll(refused, until));
    };
    this.#submit(commands.map((command) => ({ command, answer: answerTo(command) })));
  }
}

/** A verdict without what differs from message to message. */
type Settling = Exclude<Command, { receipts?: undefined }> & { receipts: string[] };

/**
 * The commands that do what was decided for each message: one for all messages with the same verdict.
 *
 * @param verdicts one for each receipt, in the same order. A message without one is left to the end of its lease
 */
function settlementsOf(receipts: readonly string[], verdicts: readonly PushVerdict[]): Command[] {
  const byKind = new Map<string, Settling>();
  const results: string[] = [];
  for (const [index, verdict] of verdicts.entries()) {
    const receipt = receipts[index];
    if (receipt === undefined) continue;
    const hasResult = verdict.verb === "ack" && verdict.result !== undefined;
    const kind = hasResult ? "result" : JSON.stringify(verdict);
    const known = byKind.get(kind);
    if (hasResult) results.push(verdict.result ?? "");
    if (known !== undefined) known.receipts.push(receipt);
    else byKind.set(kind, commandOf(verdict, receipt, results));
  }
  return [...byKind.values()];
}

function commandOf(verdict: PushVerdict, receipt: string, results: string[]): Settling {
  const receipts = [receipt];
  if (verdict.verb !== "ack") return { ...verdict, receipts };
  return { verb: "ack", receipts, finish: true, ...(verdict.result === undefined ? {} : { results }) };
}
