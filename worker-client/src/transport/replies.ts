import { isListOf, isObject, isReceived, isText } from "../base/reply-shapes.ts";
import type { Call } from "./call.ts";

/**
 * Whether this has the form of a reply to the call: the other side may be something else than a durable-queue server.
 */
export function isReplyTo({ verb, messages }: Pick<Call, "verb" | "messages">, reply: unknown): boolean {
  if (!isObject(reply)) return false;
  switch (verb) {
    case "put":
      return isListOf(reply.ids, isText) && reply.ids.length === messages?.count;
    case "receive":
      return isListOf(reply.messages, isReceived);
    case "ack":
    case "retry":
    case "extend":
      return isListOf(reply.stale, isText);
    case "join":
      return typeof reply.finished === "boolean";
    case "messages":
      return isListOf(reply.messages, isObject) && (reply.cursor === null || isText(reply.cursor));
    case "redrive":
      return typeof reply.redriven === "number" && typeof reply.left === "number";
    default:
      return true;
  }
}

/** The receipts of the messages in a reply, if it has any. */
export function receiptsIn(reply: unknown): string[] {
  if (!isObject(reply) || !isListOf(reply.messages, isReceived)) return [];
  return reply.messages.flatMap(({ receipt }) => receipt ?? []);
}
