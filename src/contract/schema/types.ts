/** The types of requests and replies, inferred from their schemas. The client imports these and no schema. */
import type * as z from "zod";
import type { Problem } from "../problems.ts";
import type { purgeReply, redriveReply, redriveRequest } from "./administration.ts";
import type {
  ackReply,
  doneReply,
  extendReply,
  joinReply,
  receiveReply,
  receiveRequest,
  retryReply,
  retryRequest,
} from "./leases.ts";
import type { messagesReply, messageView, putReply, putRequest, receivedMessage } from "./messages.ts";
import type { configureRequest, deleteReply, queueDescription, queuesReply } from "./queues.ts";
import type { messageRun, putsReply, subscribeReply, subscribeRequest } from "./socket-operations.ts";

export type PutRequest = z.input<typeof putRequest>;
export type PutReply = z.output<typeof putReply>;
export type ReceiveRequest = z.input<typeof receiveRequest>;
export type ReceivedMessage = z.output<typeof receivedMessage>;
export type ReceiveReply = z.output<typeof receiveReply>;
export type AckReply = z.output<typeof ackReply>;
export type RetryRequest = z.input<typeof retryRequest>;
export type RetryReply = z.output<typeof retryReply>;
export type ExtendReply = z.output<typeof extendReply>;
export type RedriveRequest = z.input<typeof redriveRequest>;
export type DoneReply = z.output<typeof doneReply>;
export type JoinReply = z.output<typeof joinReply>;
export type MessagesReply = z.output<typeof messagesReply>;
export type MessageView = z.output<typeof messageView>;
export type RedriveReply = z.output<typeof redriveReply>;
export type PurgeReply = z.output<typeof purgeReply>;
export type ConfigureRequest = z.input<typeof configureRequest>;
export type QueueDescription = z.output<typeof queueDescription>;
export type DeleteReply = z.output<typeof deleteReply>;
export type QueuesReply = z.output<typeof queuesReply>;
export type SubscribeRequest = z.input<typeof subscribeRequest>;
export type SubscribeReply = z.output<typeof subscribeReply>;
export type PutsReply = z.output<typeof putsReply>;
export type MessageRun = z.input<typeof messageRun>;

/** A line that the server sends. */
export type ServerLine =
  /** The answer to an operation. */
  | { id: number; reply: unknown }
  | { id: number; problem: Problem }
  /** Messages for the subscription. */
  | { push: ReceivedMessage[] }
  /** The end of the subscription. */
  | { problem: Problem; id?: undefined }
  /** Operations that waited and that the queue has forgotten: the client sends them again. */
  | { resend: number[] }
  /** Receipts whose leases are over before their time: the messages were cancelled, removed or taken back. */
  | { lost: string[] };
