/**
 * The commands of a queue and their results. Times are in milliseconds; requests and replies are in seconds.
 */
import type { ProblemCode } from "../../contract/problems.ts";
import type { JobState, MessageState } from "../../contract/states.ts";
import type { AnnouncedTask, Changes, Paused, PushFault } from "./configuration.ts";
import type { MessageChanges, NewMessage, TransferredMessage } from "./new-messages.ts";
import type { Delivery, Description, JobError, JobView, Page, UnknownJob, View } from "./views.ts";
import type { WebhookChange } from "./webhook.ts";

export type { MessageChanges, MessageRules, NewMessage, TransferredMessage } from "./new-messages.ts";
export type { Delivery, Description, JobError, JobView, Page, UnknownJob, View } from "./views.ts";

/** Stores messages, all or none. */
export interface PutCommand {
  verb: "put";
  messages: NewMessage[];
  /** How long it waits for room in a full queue. */
  timeoutMs: number;
  /** A put with a key that the queue remembers gets the same result again and changes nothing. */
  idempotencyKey?: string | undefined;
}

/** Leases messages, or removes them. */
export interface ReceiveCommand {
  verb: "receive";
  max: number;
  /** Undefined for that of the queue's configuration. */
  leaseMs?: number | undefined;
  timeoutMs: number;
  autoAck: boolean;
  /** How long it waits, from the first visible message on, until `max` are visible. Others are served before it. */
  fillMs?: number | undefined;
  /** After how many bytes of messages no further one is added: the one that passes the bound is the last. */
  bytesMax?: number | undefined;
}

/** Pushes messages to a subscriber as they become visible. Its credit is added to what it has. */
export interface SubscribeCommand {
  verb: "subscribe";
  /** A number that the caller has chosen. Each push is a result with this number as its request id. */
  subscriber: number;
  credit: number;
  /** Undefined for that of the queue's configuration. */
  leaseMs?: number | undefined;
  /** The `hearBy` of its last push, if a subscription is restored. */
  hearBy?: number | undefined;
}

/** Reports messages finished that were received with `autoAck`, or acked without `finish`. */
export interface DoneCommand {
  verb: "done";
  count: number;
  /** A report with a key that the queue remembers is not counted again. */
  idempotencyKey?: string | undefined;
}

/** Makes dead letters visible again, here or in another queue. */
export interface RedriveCommand {
  verb: "redrive";
  ids?: string[] | undefined;
  max: number;
  /** The queue to which they go; undefined for the one in which each of them died. */
  to?: string | undefined;
  /** If given, only those that died in this other queue. */
  from?: string | undefined;
  /** The beginnings of the names of the other queues to which the caller may send messages; undefined for all queues. */
  reach?: readonly string[] | undefined;
}

/** Stores messages from another queue, once, however often it is sent. */
export interface ReceiveTransferCommand {
  verb: "receive_transfer";
  /** The sender. */
  queue: string;
  generation: string;
  /** Counts the transfers of the sender. */
  number: number;
  messages: TransferredMessage[];
}

/** The answer of the other queue; "unknown" if it may or may not have received the transfer. */
export type Outcome = "accepted" | "refused" | "unknown";

/** Applies the outcome of a transfer to another queue. */
export interface TransferResultCommand {
  verb: "transfer_result";
  generation: string;
  number: number;
  outcome: Outcome;
  /** The result for a caller that waits for the transfer, unless it was accepted. */
  refusal?: Refusal | undefined;
}

/** Gives leased messages back after a failure. */
export interface RetryCommand {
  verb: "retry";
  receipts: string[];
  /** Undefined for that of the message or the queue's configuration. */
  delayMs?: number | undefined;
  error?: JobError | string | undefined;
}

/** Gives leased messages up: they are dead at once, however many attempts they have left. */
export interface RejectCommand {
  verb: "reject";
  receipts: string[];
  error?: JobError | string | undefined;
}

/** Lists jobs: those that have not ended in the order of their puts, then the others, the newest first. */
export interface JobsCommand {
  verb: "jobs";
  state?: JobState | undefined;
  task?: string | undefined;
  /** Only jobs that ended, or were put, at or after this time and before the other, in milliseconds. */
  since?: number | undefined;
  before?: number | undefined;
  cursor: string;
  limit: number;
}

/** What a queue can be asked to do. */
export type Command =
  | PutCommand
  | ReceiveCommand
  | SubscribeCommand
  /** Ends the pushes to a subscriber. */
  | { verb: "unsubscribe"; subscriber: number }
  /** Ends the waits of commands with these request ids. Their results are those of a timeout. */
  | { verb: "cancel_wait"; requestIds: number[] }
  /** Counts these deliveries as attempts: handlers have begun with them. */
  | { verb: "begin"; receipts: string[] }
  /** `results`: of each receipt, as JSON text. */
  | { verb: "ack"; receipts: string[]; finish: boolean; results?: readonly string[] | undefined }
  | RetryCommand
  | RejectCommand
  /** Gives back leased messages with which no handler began: visible after the delay, and no attempt is counted. */
  | { verb: "release"; receipts: string[]; delayMs?: number | undefined }
  /** `leaseMs`: undefined for that of the queue's configuration. */
  | { verb: "extend"; receipts: string[]; leaseMs?: number | undefined }
  | DoneCommand
  | { verb: "join"; timeoutMs: number }
  | { verb: "configure"; changes: Changes; push?: WebhookChange | null | undefined }
  | { verb: "describe" }
  /** Lists messages in this state, or all, after the one that the cursor names. */
  | { verb: "messages"; state?: MessageState | undefined; cursor: string; limit: number }
  | { verb: "peek"; id: string }
  /** Changes a message that is visible or delayed. */
  | { verb: "change"; id: string; changes: MessageChanges }
  /** Makes a delayed message visible. One that is visible stays so. */
  | { verb: "promote"; id: string }
  /** Removes a message, also while it is leased: its receipt is stale then. */
  | { verb: "cancel"; id: string }
  /** Notes how far a running job is. `progress`: JSON text. */
  | { verb: "progress"; receipt: string; progress: string }
  /** Waits until a job has ended. */
  | { verb: "result"; id: string; timeoutMs: number }
  /** Tells a subscriber when these jobs end, and with `events` also what becomes of them until then. */
  | { verb: "watch"; subscriber: number; ids: string[]; events: boolean }
  | { verb: "unwatch"; subscriber: number; ids: string[] }
  | JobsCommand
  /** Tells which tasks workers serve. Others that are known stay. */
  | { verb: "announce"; tasks: AnnouncedTask[] }
  | { verb: "tasks" }
  /** Removes all messages, or only the dead ones, or only the outcomes of jobs that have ended. */
  | { verb: "purge"; only?: "dead" | "finished" | undefined }
  | RedriveCommand
  | ReceiveTransferCommand
  | TransferResultCommand
  /** Notes since when, and why, the queue pushes nothing to its consumer; null that it does. */
  | { verb: "note_push_fault"; fault: PushFault | null }
  /** Refuses puts from now on, and receives when nothing is left. `immediate` discards what is not leased. */
  | { verb: "shutdown"; immediate: boolean }
  /** Changes what is given in `paused`. */
  | { verb: "pause"; paused: Partial<Paused> }
  /** Deletes the queue. If it is created again it has the next generation: random text of a-z and 0-9. */
  | { verb: "delete"; nextGeneration: string };

/** A command that was not applied, and why. */
export interface Refusal {
  verb: "refused";
  code: ProblemCode;
  detail: string;
  /** The field at fault, where there is one. */
  path?: string;
  /** Of an unknown message: whether the queue had it. */
  isExpired?: boolean;
}

/** What a command gives. */
export type Result =
  /** `duplicates`: the positions of messages that were not stored, because their dedupe key is known; absent if there are none. */
  | { verb: "put"; ids: string[]; duplicates?: number[] }
  | { verb: "receive"; deliveries: Delivery[] }
  /**
   * `credit`: how many more messages may be pushed. `leaseMs`: how long they are leased. `time`: the time of the queue, by
   * which leases end.
   */
  | { verb: "subscribe"; credit: number; leaseMs: number; time: number }
  /** `credit`: how many more messages could have been pushed. */
  | { verb: "unsubscribe"; credit: number }
  /** A push to a subscriber. `hearBy`: if its connection sends nothing before this time, nothing more is pushed. */
  | { verb: "push"; deliveries: Delivery[]; hearBy: number }
  /** `stale`: the receipts that name no current lease. */
  | { verb: "begin"; stale: string[] }
  /** How many waits were ended. */
  | { verb: "cancel_wait"; ended: number }
  | { verb: "ack"; acked: number; stale: string[] }
  /** `dead`: the receipts whose messages had no attempt left. */
  | { verb: "retry"; retried: number; stale: string[]; dead: string[] }
  | { verb: "reject"; rejected: number; stale: string[] }
  | { verb: "release"; released: number; stale: string[] }
  /** `cancelled`: the stale receipts of jobs of which is kept that they were cancelled. */
  | { verb: "extend"; extended: number; stale: string[]; cancelled: string[]; leaseMs: number; leaseEndsAt: number }
  | { verb: "done"; unfinished: number }
  | { verb: "join"; finished: boolean }
  | { verb: "shutdown" | "pause"; description: Description }
  /** `newSecret`: the webhook's, if it was made just now. */
  | { verb: "configure"; description: Description; newSecret?: string | undefined }
  | { verb: "describe"; description: Description }
  | { verb: "purge"; purged: number }
  /** `damagedRows`: how many stored rows of the page could not be read, or not in full; only of a damaged queue. */
  | ({ verb: "messages"; damagedRows?: number } & Page)
  | { verb: "peek" | "change" | "promote"; view: View }
  | { verb: "cancel" }
  /** `isStale`: the lease is over; `isCancelled`: because the job was cancelled. */
  | { verb: "progress"; isStale: boolean; isCancelled: boolean }
  | { verb: "result"; job: JobView }
  /** One for each id. */
  | { verb: "watch"; jobs: (JobView | UnknownJob)[]; bytes: number }
  | { verb: "unwatch" }
  /** A job that a subscriber watches: it has ended, or, if it watches events, has changed. */
  | { verb: "job"; job: JobView | UnknownJob }
  | { verb: "jobs"; jobs: JobView[]; bytes: number; cursor: string | null }
  | { verb: "announce" | "tasks"; tasks: AnnouncedTask[] }
  /** `left`: how many dead letters are left. */
  | { verb: "redrive"; redriven: number; left: number }
  /** The ids of the messages; none if they were stored before. */
  | { verb: "receive_transfer"; ids: string[] }
  | { verb: "transfer_result" }
  | { verb: "note_push_fault" }
  | { verb: "delete" }
  | Refusal;
