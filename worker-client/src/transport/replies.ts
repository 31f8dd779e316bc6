import { isListOf, isObject, isReceived, isText } from "../base/reply-shapes.ts";
import type { Call } from "./call.ts";

/**
 * Whether this has the form of a reply to the call: the other side may be something else than a durable-queue server.
 */
export function isReplyTo(
  { verb, messages, request }: Pick<Call, "verb" | "messages" | "request">,
  reply: unknown,
): boolean {
  if (!isObject(reply)) return false;
  switch (verb) {
    case "put":
      return isListOf(reply.ids, isText) && reply.ids.length === messages?.count;
    case "receive":
      return isListOf(reply.messages, isReceived);
    case "join":
      return typeof reply.finished === "boolean";
    case "messages":
      return isListOf(reply.messages, isObject) && (reply.cursor === null || isText(reply.cursor));
    case "watch":
      return isListOf(reply.jobs, isObject);
    case "jobs":
      return isListOf(reply.jobs, isObject) && (reply.cursor === null || isText(reply.cursor));
    case "result":
      return isText(reply.id) && isText(reply.state);
    case "redrive":
      return typeof reply.redriven === "number" && typeof reply.left === "number";
    default:
      return hasReceipts(request) ? isListOf(reply.stale, isText) : true;
  }
}

/** Whether a request is about leases. Its reply tells which of them are over. */
function hasReceipts(request: Call["request"]): boolean {
  return request !== undefined && "receipts" in request;
}

/** The receipts of the messages in a reply, if it has any. */
export function receiptsIn(reply: unknown): string[] {
  if (!isObject(reply) || !isListOf(reply.messages, isReceived)) return [];
  return reply.messages.flatMap(({ receipt }) => receipt ?? []);
}
