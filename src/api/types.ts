/** The types of requests and replies, inferred from the descriptors of verbs. The client imports these and no schema. */
import type * as z from "zod";
import type { Problem } from "../contract/problems.ts";
import type { JobReply, UnknownJobReply } from "./schema/jobs.ts";
import type { ReceivedMessage } from "./schema/messages.ts";
import type { queueDescription, queuesReply } from "./schema/queues.ts";
import type { messageRun, putsReply } from "./schema/socket-operation.ts";
import type { VERBS, Verb } from "./verbs/index.ts";

export type { JobReply, UnknownJobReply } from "./schema/jobs.ts";
export type { MessageView, ReceivedMessage } from "./schema/messages.ts";
export type { Verb } from "./verbs/index.ts";

/** The request of a verb, as it is sent. */
export type RequestOf<Name extends Verb> = z.input<(typeof VERBS)[Name]["request"]>;
/** The reply of a verb. */
export type ReplyOf<Name extends Verb> = z.output<(typeof VERBS)[Name]["reply"]>;

export type PutRequest = RequestOf<"put">;
export type QueueDescription = z.output<typeof queueDescription>;
export type PutsReply = z.output<typeof putsReply>;
export type MessageRun = z.input<typeof messageRun>;

/** A page of the list of queues. */
export type QueuesReply = z.output<typeof queuesReply>;

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
  | { lost: string[] }
  /** A job that this socket watches: it has ended, or, if its events are watched, has changed. */
  | { job: JobReply | UnknownJobReply }
  /** The queue has forgotten which jobs the socket watches: the client tells it again. */
  | { watch_again: true };
