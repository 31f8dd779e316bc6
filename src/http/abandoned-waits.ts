import { waitUntil } from "cloudflare:workers";
import type { QueueCalls } from "../api/object-calls.ts";
import type { Reply } from "../api/reply.ts";
import type { Command } from "../queue/base/commands.ts";

/**
 * Has a command performed that may wait. When its client goes meanwhile, the wait is ended; and what it was handed all
 * the same is given back, so that it costs no attempt.
 *
 * The platform tells of a connection that is reset, and hosted of one that is closed; workerd on one's own machine does
 * not tell of a connection that is closed in order while it waits for the reply.
 */
export async function performWait(
  object: DurableObjectStub<QueueCalls>,
  command: Command,
  signal: AbortSignal,
): Promise<Reply> {
  if (signal.aborted) return { ok: false, code: "unavailable", detail: "The client is gone." };
  const waitId = crypto.randomUUID();
  const abandon = () => waitUntil(object.abandon(waitId));
  signal.addEventListener("abort", abandon, { once: true });
  try {
    const reply = await object.perform(command, waitId);
    if (signal.aborted) await giveBack(object, command, reply);
    return reply;
  } finally {
    signal.removeEventListener("abort", abandon);
  }
}

/** What was taken for good cannot be given back: it went to the client's connection, as far as the server can tell. */
async function giveBack(object: DurableObjectStub<QueueCalls>, command: Command, reply: Reply): Promise<void> {
  if (command.verb !== "receive" || command.autoAck || !reply.ok) return;
  const { messages } = JSON.parse(reply.json) as { messages: { receipt: string }[] };
  if (messages.length === 0) return;
  const receipts = messages.map(({ receipt }) => receipt);
  await object.perform({ verb: "retry", receipts, isDead: false, isBegun: false });
}
