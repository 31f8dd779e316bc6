/** What crosses between a queue and the consumers to which it pushes: plain data. */
import type { JobError } from "../queue/base/views.ts";

/** Messages of one delivery. */
export interface PushBatch {
  queue: string;
  /** A JSON array, as `receive` replies. */
  messages: string;
  count: number;
  /** `oldestPutAt`: in milliseconds. */
  backlog: { count: number; oldestPutAt?: number };
}

/** What becomes of one message. */
export type PushVerdict =
  /** `result`: JSON text. */
  | { verb: "ack"; result?: string }
  | { verb: "retry"; delayMs?: number; error?: JobError }
  | { verb: "reject"; error?: JobError }
  | { verb: "release"; delayMs?: number };

/** How much is pushed at a time. */
export interface PushSettings {
  batchSize: number;
  batchWaitMs: number;
  concurrency: number;
  timeoutMs: number;
}
