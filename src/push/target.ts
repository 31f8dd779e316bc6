import type { PushBatch, PushCalls, PushVerdict } from "../api/push.ts";
import type { PushSettings } from "../contract/push-settings.ts";

/** Where messages of a queue are pushed to. */
export interface PushTarget {
  readonly kind: "worker" | "webhook";
  /** Its address; only of a webhook. */
  readonly url?: string | undefined;
  /** How messages are pushed to it; null if there is no such consumer. Rejects if that cannot be found out. */
  settings(): Promise<PushSettings | null>;
  /**
   * Lets it handle a batch. Does not reject: what prevents it is a fault.
   *
   * @param lost as in `PushCalls`
   */
  deliver(batch: PushBatch, lost: PushCalls["lost"]): Promise<Delivered>;
}

/** What became of a batch. */
export interface Delivered {
  /** One for each message, in their order. */
  verdicts: PushVerdict[];
  /** How messages are pushed from now on; undefined for as before, null for not at all. */
  settings?: PushSettings | null | undefined;
  /** Why it could not be delivered, or not in full. */
  fault?: TargetFault | undefined;
}

/** Why a target takes nothing now. */
export interface TargetFault {
  /** A sentence, for the log and the description of the queue. */
  detail: string;
  /** How long nothing is pushed at least, in milliseconds, if the target has said so. */
  retryAfterMs?: number | undefined;
  /** Whether nothing is pushed before it is configured again. */
  isStopped?: boolean | undefined;
}
