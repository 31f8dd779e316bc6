import { CALL_OPTIONS, type CallOptions, type Known } from "../base/check-options.ts";

/** The options of `Message.ack`. */
export interface AckOptions extends CallOptions {
  /**
   * What the work resulted in: any JSON value of at most 1 MiB. The queue keeps it for `resultSeconds`, for those that
   * call `result` with the message's id.
   */
  result?: unknown;
}

/** The options of `Message.release`. */
export interface ReleaseOptions extends CallOptions {
  /** When the message becomes visible again: at most 366 days. Default 0. */
  delaySeconds?: number | undefined;
}

/** The options of `Message.reject`. */
export interface RejectOptions extends CallOptions {
  /**
   * Why it failed; the next attempt, or the dead letter, has it as `lastError`. An error is kept with its name, its
   * message and where it was thrown; a text longer than 1,024 characters is cut.
   */
  error?: unknown;
}

/** The options of `Message.retry`. */
export interface RetryOptions extends RejectOptions {
  /** When the message becomes visible again: at most 366 days. Default: what the queue's `retryDelay…` say. */
  delaySeconds?: number | undefined;
}

/** The options that each call of a message has. */
export const ACK_OPTIONS: Known<AckOptions> = { result: true, ...CALL_OPTIONS };
export const RELEASE_OPTIONS: Known<ReleaseOptions> = { delaySeconds: true, ...CALL_OPTIONS };
export const REJECT_OPTIONS: Known<RejectOptions> = { error: true, ...CALL_OPTIONS };
export const RETRY_OPTIONS: Known<RetryOptions> = { delaySeconds: true, ...REJECT_OPTIONS };
