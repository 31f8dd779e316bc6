import { waitUntil } from "cloudflare:workers";
import type { AskContext, QueueCalls } from "../api/object-calls.ts";
import type { Reply } from "../api/reply.ts";
import type { Verb } from "../api/verbs/index.ts";

/**
 * Makes a call that may wait. If its client disconnects meanwhile, the wait is ended, and messages that were handed
 * out all the same are released, so that they cost no attempt.
 *
 * The platform reports a connection that is reset and, hosted, one that is closed; a local workerd does not report a
 * connection that is closed in order while it waits for the reply.
 */
export async function askAndWait(
  object: QueueCalls,
  verb: Verb,
  { request, context, signal }: { request: unknown; context: AskContext; signal: AbortSignal },
): Promise<Reply> {
  if (signal.aborted)
    return { ok: false, code: "unavailable", detail: "The client has disconnected. This was not applied." };
  const waitId = crypto.randomUUID();
  const abandon = () => waitUntil(Promise.resolve(object.abandon(waitId)));
  signal.addEventListener("abort", abandon, { once: true });
  try {
    const reply = await object.ask(verb, request, { ...context, waitId });
    if (signal.aborted && verb === "receive") await releaseMessages(object, context, reply);
    return reply;
  } finally {
    signal.removeEventListener("abort", abandon);
  }
}

/** Releases messages that were leased. Messages received with autoAck are gone with the connection. */
async function releaseMessages(object: QueueCalls, context: AskContext, reply: Reply): Promise<void> {
  if (!reply.ok) return;
  const { messages } = JSON.parse(reply.json) as { messages: { receipt?: string }[] };
  const receipts = messages.flatMap(({ receipt }) => receipt ?? []);
  if (receipts.length > 0) await object.ask("release", { receipts }, context);
}
