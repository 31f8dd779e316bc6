import { waitUntil } from "cloudflare:workers";
import type { QueueCalls } from "../api/object-calls.ts";
import type { Reply } from "../api/reply.ts";
import type { Command } from "../queue/base/commands.ts";

/**
 * Performs a command that may wait. If its client disconnects meanwhile, the wait is ended, and messages that were handed
 * out all the same are released, so that they cost no attempt.
 *
 * The platform reports a connection that is reset and, hosted, one that is closed; a local workerd does not report a
 * connection that is closed in order while it waits for the reply.
 */
export async function performWait(
  object: DurableObjectStub<QueueCalls>,
  command: Command,
  signal: AbortSignal,
): Promise<Reply> {
  if (signal.aborted)
    return { ok: false, code: "unavailable", detail: "The client has disconnected. This was not applied." };
  const waitId = crypto.randomUUID();
  const abandon = () => waitUntil(object.abandon(waitId));
  signal.addEventListener("abort", abandon, { once: true });
  try {
    const reply = await object.perform(command, waitId);
    if (signal.aborted) await releaseMessages(object, command, reply);
    return reply;
  } finally {
    signal.removeEventListener("abort", abandon);
  }
}

/** Releases messages that were leased. Messages received with autoAck are gone with the connection. */
async function releaseMessages(object: DurableObjectStub<QueueCalls>, command: Command, reply: Reply): Promise<void> {
  if (command.verb !== "receive" || command.autoAck || !reply.ok) return;
  const { messages } = JSON.parse(reply.json) as { messages: { receipt: string }[] };
  if (messages.length === 0) return;
  const receipts = messages.map(({ receipt }) => receipt);
  await object.perform({ verb: "release", receipts });
}
