/** What the object of a queue and the entrypoint of a Worker's consumers send each other: plain data. */
import type { PushSettings } from "../contract/push-settings.ts";
import type { JobError } from "../queue/base/commands.ts";
import type { Reply } from "./reply.ts";

/** Messages that are pushed to a consumer together, under leases. */
export interface PushBatch {
  queue: string;
  /** A JSON array: the messages as a receive is answered with them. */
  messages: string;
  /** Their receipts, in the same order. */
  receipts: readonly string[];
  /** The messages that are left, the delayed ones among them, and the size of the queue's database. */
  backlog: { count: number; bytes: number };
}

/** What becomes of a message. */
export type PushVerdict =
  /** `result`: of a job, as JSON text. */
  | { verb: "ack"; result?: string | undefined }
  /** `delayMs`: undefined for that of the message or the queue. */
  | { verb: "retry"; delayMs?: number | undefined; error?: JobError | string | undefined }
  /** It is dead at once. */
  | { verb: "reject"; error?: JobError | string | undefined }
  /** No handler began with it: no attempt is counted. */
  | { verb: "release"; delayMs?: number | undefined };

/** What a consumer did with a batch. */
export interface PushOutcome {
  /** One for each message, in their order. */
  verdicts: PushVerdict[];
  /** The consumer's settings as they are now: the Worker that it is in may have been deployed again. Null: there is none. */
  settings: PushSettings | null;
}

/** What a consumer asks of the queue while it handles a batch. */
export interface PushCalls {
  /** A request of a verb about a message of the batch, or the queue's tasks: `extend`, `progress` and `announce` alone. */
  ask(verb: string, request: unknown): Promise<Reply>;
  /** The receipts of messages that are taken away, as soon as any is; none when the batch is answered. */
  lost(): Promise<readonly string[]>;
}

/** The calls of the entrypoint. */
export interface ConsumersCalls {
  /** The settings of the consumer of a queue; null if it has none. */
  settingsOf(queue: string): Promise<PushSettings | null>;
  /** Lets the consumer handle a batch. Rejects only if the platform fails: what the handler throws is in the outcome. */
  deliver(batch: PushBatch, calls: PushCalls): Promise<PushOutcome>;
}
