import type { JobListener } from "../jobs/watched-job.ts";
import type { Message } from "../message/message.ts";
import type { JsonText } from "../transport/put-messages.ts";

/** A message with inputs of a task, as it is put. */
export interface PutChunk {
  readonly task: string;
  /** How many inputs it has. */
  readonly count: number;
  /** A JSON array of the inputs; bytes are the only input of their message. */
  readonly content: JsonText | Uint8Array;
}

/** What pools need of the queue whose jobs they submit. */
export interface PoolJobs {
  /** The name of the queue. */
  readonly queue: string;
  /**
   * Stores the chunks, all of them or none, and answers with their ids in this order. Waits while the queue is full.
   *
   * @param key the idempotency key
   * @param signal ends the call with its reason
   */
  put(chunks: readonly PutChunk[], key: string, signal: AbortSignal): Promise<string[]>;
  /** Tells of a job until it has ended. The result leaves before that. */
  watch(id: string, listener: JobListener): () => void;
  /** A worker of this process knows that the queue has stored this result: it need not be sent here. */
  ended(message: Message<unknown>, result: unknown): void;
  /** Whether a job is with a worker now, or has ended. */
  hasBegun(id: string): Promise<boolean>;
  /** False if the job had ended. */
  cancel(id: string): Promise<boolean>;
}
