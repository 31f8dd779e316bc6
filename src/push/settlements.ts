import type { PushVerdict } from "../api/push.ts";
import type { Command } from "../queue/base/commands.ts";

/** A verdict without what differs from message to message. */
type Settling = Exclude<Command, { receipts?: undefined }> & { receipts: string[] };

/**
 * The commands that do what was decided for each message: one for all messages with the same verdict.
 *
 * @param verdicts one for each receipt, in the same order. A message without one is left to the end of its lease
 */
export function settlementsOf(receipts: readonly string[], verdicts: readonly PushVerdict[]): Command[] {
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
