import type { Reply } from "../api/reply.ts";
import type { Command, Refusal, TransferResultCommand } from "../queue/base/commands.ts";
import type { OutboundTransfer } from "../queue/outbound-transfers.ts";

/** A queue to which messages can be sent. */
export interface OtherQueue {
  perform(command: Command): Promise<Reply>;
}

/**
 * Sends messages to another queue.
 *
 * @param queue the name of the queue that sends them, which is to be told the command that this answers with
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
      detail: `The queue ${to} answers: ${reply.detail}`,
    });
  } catch (error) {
    console.error(`Messages of the queue ${queue} go to ${to} again, for it is not known whether they arrived.`, error);
    const detail = `It is not known whether the messages have arrived in ${to}. They are sent again, and arrive once.`;
    return settled("unknown", { verb: "refused", code: "unavailable", detail });
  }
}
