import type { ModelDelivery, ModelMessage, ModelOrder, ModelPut, ModelView } from "./message.ts";

export interface ModelSettings {
  maxSize: number;
  order: ModelOrder;
  maxLeasedPerGroup: number;
  maxAttempts: number;
  retryDelayMs: number;
  retryDelayFactor: number;
  retryDelayMaxMs: number;
  retryDelayJitter: number;
  leaseMs: number;
  idempotencyMs: number;
  dedupeMs: number;
  resultMs: number;
  retentionMs: number;
  deadLetterExpired: boolean;
  deadLetterQueue: string | null;
}

export interface ModelRedrive {
  ids: string[] | undefined;
  max: number;
  to: string | undefined;
  from: string | undefined;
}

export interface ModelTransfer {
  number: number;
  to: string;
  areDeadLetters: boolean;
  /** The redrive that waits for it. */
  requestId?: number;
}

export const DEFAULT_SETTINGS: ModelSettings = {
  maxSize: 0,
  order: "fifo",
  maxLeasedPerGroup: 1,
  maxAttempts: 10,
  retryDelayMs: 1_000,
  retryDelayFactor: 2,
  retryDelayMaxMs: 300_000,
  retryDelayJitter: 0.5,
  leaseMs: 30_000,
  idempotencyMs: 300_000,
  dedupeMs: 300_000,
  resultMs: 3_600_000,
  retentionMs: 0,
  deadLetterExpired: false,
  deadLetterQueue: null,
};

/**
 * @property isShare of a push: whether there would have been more for it, had it not waited with others
 * @property isFreed of a put: whether it stored a message with the dedupe key of one that was cancelled or purged
 * @property dead of a retry: how many messages were dead then
 * @property cancelled of stale receipts: how many were of jobs that were cancelled
 * @property isLast of a push: whether its credit is used up
 * @property areOutcomes of a purge: there may have been more, which had expired
 */
export type ModelAnswer =
  | {
      requestId: number;
      verb: "put";
      messages: ModelMessage[];
      duplicates: number[];
      isRepeated: boolean;
      isShared: boolean;
      isFreed: boolean;
    }
  | { requestId: number; verb: "receive"; deliveries: ModelDelivery[] }
  | { requestId: number; verb: "push"; deliveries: ModelDelivery[]; isShare: boolean; isLast: boolean }
  | { requestId: number; verb: "subscribe" | "unsubscribe"; credit: number }
  | { requestId: number; verb: "cancel_wait"; ended: number }
  | { requestId: number; verb: "changed"; count: number; stale: number[]; dead: number; cancelled: number }
  | { requestId: number; verb: "join"; finished: boolean }
  | { requestId: number; verb: "done"; unfinished: number; isRepeated: boolean }
  | { requestId: number; verb: "purge"; purged: number; areOutcomes?: true }
  | { requestId: number; verb: "result" | "job"; job: ModelJob }
  | { requestId: number; verb: "watch"; jobs: ModelJob[] }
  | { requestId: number; verb: "unwatch" }
  | { requestId: number; verb: "progress"; isStale: boolean; isCancelled: boolean }
  | { requestId: number; verb: "tasks"; tasks: string }
  | { requestId: number; verb: "configured"; settings: ModelSettings }
  | { requestId: number; verb: "redrive"; redriven: number; left: number }
  | { requestId: number; verb: "view"; message: ModelMessage; state: string; name: string; priority: number }
  | { requestId: number; verb: "messages"; messages: ModelMessage[]; isLast: boolean }
  | { requestId: number; verb: "shutdown" | "pause" | "cancel" | "delete" | "transfer_result" }
  | { requestId: number; verb: "receive_transfer"; messages: ModelMessage[] }
  | { requestId: number; verb: "refused"; code: string; endsSubscription?: boolean; isExpired?: boolean };

/** What should be shown of an id. */
export interface ModelJob {
  /** Undefined for an id that the queue has never given. */
  message: ModelMessage | undefined;
  /** That of a job whose message is not known. */
  id: string;
  view: ModelView | { state: "unknown"; isExpired: boolean };
}

export interface Waiting {
  requestId: number;
  /** Infinity until it is stopped. */
  deadline: number;
}
/** What will be answered once. */
export interface ModelWait extends Waiting {
  verb: "put" | "receive" | "join" | "result";
}
export interface WaitingPut {
  /** Those of all its tries. */
  requestIds: number[];
  deadline: number;
  puts: ModelPut[];
  key: string | undefined;
}
