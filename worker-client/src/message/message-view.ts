import type { MessageView as MessageViewReply } from "../../../src/api/types.ts";
import type { DeathReason, MessageState } from "../../../src/contract/states.ts";
import { dateOf, dateOrUndefined } from "./dates.ts";
import { type DeadLetter, deadLetterOf } from "./dead-letter.ts";
import { itemOf } from "./item-of.ts";

export type { DeathReason, MessageState };

/** A message that was peeked at, and not leased. */
export interface MessageView<Item> {
  id: string;
  /** In a list: what `after` of `messages()` takes, to go on behind this message. Its id where it was never moved. */
  cursor: string;
  item: Item;
  state: MessageState;
  /** How often it was delivered. */
  attempts: number;
  priority: number;
  group: string | undefined;
  /** Those with which it was put; {} if it has none. */
  headers: Readonly<Record<string, string>>;
  /** Its own, over the setting of the queue; undefined if it has none. So are the next three. */
  maxAttempts: number | undefined;
  retryDelaySeconds: number | undefined;
  retentionSeconds: number | undefined;
  resultSeconds: number | undefined;
  putAt: Date;
  /** When it was to be visible; undefined if it was not put for later. */
  at: Date | undefined;
  /** When a delayed message is visible, when a lease ends, when a dead message died; undefined for a visible one. */
  until: Date | undefined;
  /** Why a dead message is dead. */
  reason: DeathReason | undefined;
  /** Where it comes from, if it died in another queue. */
  deadLetter: DeadLetter | undefined;
  /** What the last retry gave as its error. */
  lastError: string | undefined;
}

/** @internal */
export function viewOf<Item>(reply: MessageViewReply): MessageView<Item> {
  const { id, state, attempts, priority, group, headers = {}, putAt, at, reason, lastError } = reply;
  const { maxAttempts, retryDelaySeconds, retentionSeconds, resultSeconds } = reply;
  const until = reply.visibleAt ?? reply.leaseEndsAt ?? reply.diedAt;
  return {
    id,
    cursor: reply.cursor ?? id,
    item: itemOf<Item>(reply),
    state,
    attempts,
    priority,
    group,
    headers,
    maxAttempts,
    retryDelaySeconds,
    retentionSeconds,
    resultSeconds,
    putAt: dateOf(putAt),
    at: dateOrUndefined(at),
    until: dateOrUndefined(until),
    reason,
    deadLetter: deadLetterOf(reply),
    lastError,
  };
}
