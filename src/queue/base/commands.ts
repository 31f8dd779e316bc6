/**
 * What a queue can be told and what it answers. Times are milliseconds in here; only the edges speak of seconds.
 */
import type { ProblemCode } from "../../contract/problems.ts";
import type { Configuration, Paused, Settings } from "./configuration.ts";

export interface NewMessage {
  /** The member of the JSON object that carries the content, as text: `"body":…` or `"bytes":"…"`. */
  content: string;
  priority: number;
  /** How long it is not visible. */
  delayMs: number;
  /** When it is visible, in milliseconds since 1970. Given, it counts and `delayMs` does not. */
  visibleAt?: number | undefined;
  /** Not stored if one with this key was put before, for as long as the queue remembers. */
  dedupeKey?: string | undefined;
  /** No more messages of a group than `maxLeasedPerGroup` are leased at a time. */
  group?: string | undefined;
  /** Present if it died in another queue and came here for that. */
  deadLetter?: (DeadLetter & { queue: string }) | undefined;
}

/** Delivered as often as it may be; older than the queue keeps messages; given up by who held it. */
type DeathReason = "max_attempts" | "expired" | "rejected";

/** Where a message is that is still in the queue. */
export type MessageState = "visible" | "delayed" | "leased" | "dead" | "transferring";

/** A message as it is looked at, which changes nothing. */
export interface View {
  id: string;
  state: MessageState;
  attempts: number;
  /** When it is visible again, when its lease ends, or when it died; undefined for one that is visible. */
  until?: number;
  group?: string | undefined;
  lastError?: string | undefined;
  /** Why it is dead. */
  reason?: DeathReason;
  /** A JSON object: the content, priority and time of the put, as stored. */
  payload: string;
}

/** Some of the messages, and where the next page begins: null where there is none. */
export interface Page {
  views: View[];
  /** The size of their payloads, in UTF-8. */
  bytes: number;
  cursor: string | null;
}

/** What is known of a message that died in another queue. Times are seconds: this is handed out as it is. */
interface DeadLetter {
  /** Its id there. */
  id: string;
  reason: DeathReason;
  attempts: number;
  firstPutAt: number;
  diedAt: number;
  lastError?: string | undefined;
}

/** A message that comes from another queue. */
export interface TransferredMessage extends Pick<NewMessage, "content" | "priority" | "group"> {
  deadLetter?: DeadLetter | undefined;
}

export interface PutCommand {
  verb: "put";
  messages: NewMessage[];
  /** How long to wait for room in a full queue. */
  timeoutMs: number;
  /** A put with a key that the queue remembers is answered as before and changes nothing. */
  idempotencyKey?: string | undefined;
}

export interface ReceiveCommand {
  verb: "receive";
  max: number;
  /** Undefined takes what the queue is configured to. */
  leaseMs?: number | undefined;
  timeoutMs: number;
  autoAck: boolean;
}

/** Has messages pushed to a subscriber as they become visible: so many more than it is allowed already. */
export interface SubscribeCommand {
  verb: "subscribe";
  /** A number that its caller has chosen. What is pushed to it are answers with this number as their request id. */
  subscriber: number;
  credit: number;
  /** Undefined takes what the queue is configured to. */
  leaseMs?: number | undefined;
  /** Of a subscription that is restored, what its last push said. */
  hearBy?: number | undefined;
}

export interface DoneCommand {
  verb: "done";
  count: number;
  /** As with a put: a report under a known key is answered and not counted again. */
  idempotencyKey?: string | undefined;
}

export interface RedriveCommand {
  verb: "redrive";
  ids?: string[] | undefined;
  max: number;
  /** The queue to which they go; undefined for where each of them died. */
  to?: string | undefined;
  /** Only those that died in this other queue. */
  from?: string | undefined;
}

/** Messages from another queue. However often it is said, they come in once. */
export interface ReceiveTransferCommand {
  verb: "receive_transfer";
  /** The sender. */
  queue: string;
  generation: string;
  /** Counts the transfers of the sender. */
  number: number;
  messages: TransferredMessage[];
}

/** What the other queue said; "unknown" where nobody can say whether it heard. */
export type Outcome = "accepted" | "refused" | "unknown";

/** What has become of a transfer. */
export interface TransferResultCommand {
  verb: "transfer_result";
  generation: string;
  number: number;
  outcome: Outcome;
  /** For whoever waits for it, unless it was accepted. */
  refusal?: Refusal | undefined;
}

export interface RetryCommand {
  verb: "retry";
  receipts: string[];
  /** Undefined for what the queue is configured to. */
  delayMs?: number | undefined;
  error?: string | undefined;
  /** Whether the messages are dead at once, however often they were delivered. */
  isDead: boolean;
  /** Whether the work was begun. If not, the delivery does not count as an attempt, and there is no delay. */
  isBegun: boolean;
}

export type Command =
  | PutCommand
  | ReceiveCommand
  | SubscribeCommand
  /** Ends the pushes to a subscriber. */
  | { verb: "unsubscribe"; subscriber: number }
  /** Ends the waits of commands with these request ids, which are answered as if their time were over. */
  | { verb: "cancel_wait"; requestIds: number[] }
  /** Counts these deliveries as attempts: handlers have begun with them. */
  | { verb: "begin"; receipts: string[] }
  | { verb: "ack"; receipts: string[]; finish: boolean }
  | RetryCommand
  | { verb: "extend"; receipts: string[]; leaseMs: number }
  | DoneCommand
  | { verb: "join"; timeoutMs: number }
  | { verb: "configure"; changes: Settings }
  | { verb: "describe" }
  /** Messages in this state, or all, after the one that the cursor names. */
  | { verb: "messages"; state?: MessageState | undefined; cursor: string; limit: number }
  | { verb: "peek"; id: string }
  /** Removes a message, also while somebody holds it: the receipt is stale then. */
  | { verb: "cancel"; id: string }
  /** Removes all messages, or only the dead ones. */
  | { verb: "purge"; only?: "dead" | undefined }
  /** Gives dead letters another chance: these, or the first so many. */
  | RedriveCommand
  | ReceiveTransferCommand
  | TransferResultCommand
  /** Refuses puts from now on, and receives when nothing is left. `immediate` discards what nobody holds. */
  | { verb: "shutdown"; immediate: boolean }
  /** Sets what is true in here. */
  | { verb: "pause"; paused: Partial<Paused> }
  /** Deletes the queue. If it is created again it has the next generation: random text of a-z and 0-9. */
  | { verb: "delete"; nextGeneration: string };

/** A message as it is handed out. */
export interface Delivery {
  id: string;
  /** Absent when the message was removed as it was handed out. */
  lease?: { receipt: string; endsAt: number; ms: number };
  /** How often a handler has begun with the message, this time included. */
  attempt: number;
  group?: string | undefined;
  lastError?: string | undefined;
  /** A JSON object: the content, priority and time of the put, as stored. */
  payload: string;
}

/** How many messages there are of each kind, and what has happened since the queue was created. */
export interface Description extends Configuration {
  visible: number;
  delayed: number;
  leased: number;
  dead: number;
  transferring: number;
  unfinished: number;
  accepted: number;
  done: number;
  purged: number;
  expired: number;
  transferred: number;
  oldestMs: number;
}

export interface Refusal {
  verb: "refused";
  code: ProblemCode;
  detail: string;
  /** The field at fault, where there is one. */
  path?: string;
}

export type Result =
  /** `duplicates`: the positions of messages that were not stored, because their dedupe key is known; absent if none. */
  | { verb: "put"; ids: string[]; duplicates?: number[] }
  | { verb: "receive"; deliveries: Delivery[] }
  /**
   * `credit`: how many more messages the subscriber is allowed. `leaseMs`: how long what is pushed is leased. `time`: that
   * of the queue, by which leases end.
   */
  | { verb: "subscribe"; credit: number; leaseMs: number; time: number }
  /** `credit`: how many more messages the subscriber was allowed. */
  | { verb: "unsubscribe"; credit: number }
  /** What is pushed to a subscriber. `hearBy`: if nothing is heard from it before this time, nothing more is pushed. */
  | { verb: "push"; deliveries: Delivery[]; hearBy: number }
  /** `stale`: the receipts that fit no lease. */
  | { verb: "begin"; stale: string[] }
  /** How many waits were ended. */
  | { verb: "cancel_wait"; ended: number }
  | { verb: "ack"; acked: number; stale: string[] }
  | { verb: "retry"; retried: number; stale: string[] }
  | { verb: "extend"; extended: number; stale: string[]; leaseEndsAt: number }
  | { verb: "done"; unfinished: number }
  | { verb: "join"; finished: boolean }
  | { verb: "configure" | "shutdown" | "pause"; description: Description }
  | { verb: "describe"; description: Description }
  | { verb: "purge"; purged: number }
  /** `damagedRows`: of a damaged queue, how many stored rows of the page could not be read, or not in full. */
  | ({ verb: "messages"; damagedRows?: number } & Page)
  | { verb: "peek"; view: View }
  | { verb: "cancel" }
  /** `left`: how many dead letters are left. */
  | { verb: "redrive"; redriven: number; left: number }
  /** The ids of the messages; none if they had come in before. */
  | { verb: "receive_transfer"; ids: string[] }
  | { verb: "transfer_result" }
  | { verb: "delete" }
  | Refusal;
