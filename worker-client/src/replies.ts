import type { ReceivedMessage } from "../../src/contract/schema/types.ts";
import type { Call } from "./call.ts";

/** Whether this has the form of a reply to the call: what answers it may be something else than a server of queues. */
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

/** Whether this is a message as it is handed out. */
export function isReceived(value: unknown): value is ReceivedMessage {
  return isObject(value) && isText(value.id) && isOptionalText(value.receipt) && typeof value.attempt === "number";
}

/** The receipts of the messages in a reply, if it has any. */
export function receiptsIn(reply: unknown): string[] {
  if (!isObject(reply) || !isListOf(reply.messages, isReceived)) return [];
  return reply.messages.flatMap(({ receipt }) => receipt ?? []);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isText(value: unknown): value is string {
  return typeof value === "string";
}

export function isListOf<Entry>(value: unknown, isEntry: (entry: unknown) => entry is Entry): value is Entry[] {
  return Array.isArray(value) && value.every(isEntry);
}

function isOptionalText(value: unknown): value is string | undefined {
  return value === undefined || isText(value);
}
