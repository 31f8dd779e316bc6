import type { PushBatch, PushSettings, PushVerdict } from "../api/push.ts";

/** Where a queue pushes its messages to. */
export interface PushTarget {
  /** Hands out a batch and says what becomes of each message. It never rejects. */
  deliver(batch: PushBatch): Promise<Delivered>;
}

export interface Delivered {
  /** One a message, in their order. */
  verdicts: PushVerdict[];
  settings?: PushSettings | null;
  fault?: TargetFault;
}

export interface TargetFault {
  /** A sentence for the log and the description. */
  detail: string;
  /** Wait at least this long. */
  retryAfterMs?: number;
  /** Nothing more is sent until it is configured again. */
  isStopped?: boolean;
}
