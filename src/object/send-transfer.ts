import type { Reply } from "../api/reply.ts";
import type { Command, Refusal, TransferResultCommand } from "../queue/base/commands.ts";
import type { OutboundTransfer } from "../queue/outbound-transfers.ts";

/** The object of a queue to which messages are sent. */
export interface OtherQueue {
  perform(command: Command): Promise<Reply>;
}

/**
 * Sends messages to another queue.
 *
 * @param queue the name of the queue that sends them
 * @returns the command that tells that queue the outcome
 */
export async function send(
  other: OtherQueue,
  queue: string,
  transfer: OutboundTransfer,
): Promise<TransferResultCommand> {
  const { to, generation, number, messages } = transfer;
  const settled = (outcome: TransferResultCommand["outcome"], refusal?: Refusal): TransferResultCommand => {
    return { verb: "transfer_result", generation, number, outcome, refusal };
  };
  try {
    const reply = await other.perform({ verb: "receive_transfer", queue, generation, number, messages });
    if (reply.ok) return settled("accepted");
    return settled("refused", {
      verb: "refused",
      code: reply.code,
      detail: `The queue ${to} has refused the messages: ${reply.detail}`,
    });
  } catch (error) {
    console.error(`queue ${queue}: unavailable: a transfer to ${to} has an unknown outcome and is sent again.`, error);
    const detail = `It is not known whether the messages have arrived in ${to}. They are sent again, and are stored there once.`;
    return settled("unknown", { verb: "refused", code: "unavailable", detail });
  }
}
