import type { ModelDelivery, ModelMessage, ModelOrder, ModelPut } from "./message.ts";

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
  retentionMs: 0,
  deadLetterExpired: false,
  deadLetterQueue: null,
};

/**
 * @property isShare of a push: whether there would have been more for it, had it not waited with others
 * @property isFreed of a put: whether it stored a message with the dedupe key of one that was cancelled or purged
 * @property isLast of a push: whether its credit is used up
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
  | { requestId: number; verb: "changed"; count: number; stale: number[] }
  | { requestId: number; verb: "join"; finished: boolean }
  | { requestId: number; verb: "done"; unfinished: number; isRepeated: boolean }
  | { requestId: number; verb: "purge"; purged: number }
  | { requestId: number; verb: "configured"; settings: ModelSettings }
  | { requestId: number; verb: "redrive"; redriven: number; left: number }
  | { requestId: number; verb: "view"; message: ModelMessage; state: string; name: string; priority: number }
  | { requestId: number; verb: "messages"; messages: ModelMessage[]; isLast: boolean }
  | { requestId: number; verb: "shutdown" | "pause" | "cancel" | "delete" | "transfer_result" }
  | { requestId: number; verb: "receive_transfer"; messages: ModelMessage[] }
  | { requestId: number; verb: "refused"; code: string; endsSubscription?: boolean };

export interface Waiting {
  requestId: number;
  /** Infinity until it is stopped. */
  deadline: number;
}
/** What will be answered once. */
export interface ModelWait extends Waiting {
  verb: "put" | "receive" | "join";
}
export interface WaitingPut {
  /** Those of all its tries. */
  requestIds: number[];
  deadline: number;
  puts: ModelPut[];
  key: string | undefined;
}
