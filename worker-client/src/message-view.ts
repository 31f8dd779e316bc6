import type { MessageView as MessageViewReply } from "../../src/contract/schema.ts";
import { itemOf } from "./items.ts";

export type MessageState = "visible" | "delayed" | "leased" | "dead";

/** A message that was looked at, and not taken. */
export interface MessageView<Item> {
  id: string;
  item: Item;
  state: MessageState;
  /** How often it was delivered. */
  attempts: number;
  priority: number;
  putAt: Date;
  /** When a delayed message is visible, when a lease ends, when a dead message died; undefined for a visible one. */
  until: Date | undefined;
  /** What the last retry gave as its error. */
  lastError: string | undefined;
}

/** @internal */
export function viewOf<Item>(reply: MessageViewReply): MessageView<Item> {
  const { id, state, attempts, priority, putAt, lastError } = reply;
  const until = reply.visibleAt ?? reply.leaseEndsAt ?? reply.diedAt;
  return {
    id,
    item: itemOf<Item>(reply),
    state,
    attempts,
    priority,
    putAt: new Date(putAt * 1_000),
    until: until === undefined ? undefined : new Date(until * 1_000),
    lastError,
  };
}
