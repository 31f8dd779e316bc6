import type { QueueCalls } from "../api/object-calls.ts";
import { API_VERSION } from "../contract/version.ts";
import type { Refusal, TransferResultCommand } from "../queue/base/commands.ts";
import type { OutboundTransfer } from "../queue/outbound-transfers.ts";
import type { QueueLog } from "./queue-log.ts";

/** The object of a queue to which messages are sent. */
export type OtherQueue = Pick<QueueCalls, "receiveTransfer">;

/**
 * Sends messages to another queue.
 *
 * @param queue the name of the queue that sends them
 * @param log of that queue
 * @returns the command that tells that queue the outcome
 */
export async function send(
  other: OtherQueue,
  queue: string,
  transfer: OutboundTransfer,
  log: QueueLog,
): Promise<TransferResultCommand> {
  const { to, generation, number, messages } = transfer;
  const settled = (outcome: TransferResultCommand["outcome"], refusal?: Refusal): TransferResultCommand => {
    return { verb: "transfer_result", generation, number, outcome, refusal };
  };
  try {
    const reply = await other.receiveTransfer({ version: API_VERSION, queue, generation, number, messages });
    if (reply.ok) return settled("accepted");
    // It passes when the deployment is over. As a refusal it would hold dead letters back for longer. A client would take
    // the code version_mismatch for that of a redrive which was not applied, and repeat it.
    if (reply.code === "version_mismatch") {
      const detail = `The queue ${to} did not take the messages: ${reply.detail} They are sent again.`;
      return settled("unknown", { verb: "refused", code: "unavailable", detail });
    }
    return settled("refused", {
      verb: "refused",
      code: reply.code,
      detail: `The queue ${to} has refused the messages: ${reply.detail}`,
    });
  } catch (error) {
    log("unavailable", `a transfer to ${to} has an unknown outcome and is sent again.`, error);
    const detail = `It is not known whether the messages have arrived in ${to}. They are sent again, and are stored there once.`;
    return settled("unknown", { verb: "refused", code: "unavailable", detail });
  }
}
