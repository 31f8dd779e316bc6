import type { ReceivedMessage, ReplyOf } from "../../../src/api/types.ts";
import type { QueueError } from "../base/errors.ts";
import type { Instant } from "../base/instant.ts";

/** Takes messages, as many as it has room for: a worker. */
export interface MessageSink {
  /** How many messages it can take beyond those that it has. */
  readonly room: number;
  /** With how many messages it would begin at once. */
  readonly slots: number;
  /** How many messages it has at most. */
  readonly capacity: number;
  /** Whether no message waits in it, so that it could begin with none. */
  readonly isIdle: boolean;
  /** A connection is open on which messages are pushed. */
  connected(): void;
  granted(reply: ReplyOf<"subscribe">, sentAt: Instant): void;
  /** @param leaseSeconds how long their leases last, where they were asked for; undefined where they were pushed */
  take(messages: ReceivedMessage[], leaseSeconds?: number): void;
  lost(receipts: readonly string[]): void;
  /** No message comes any more that was asked for before. */
  withdrawn(): void;
  /** The server cannot be reached for a while, or answers again after that. */
  serverReport(error: QueueError, isBack: boolean): void;
  /** No message comes any more; the error is undefined if that was asked for. */
  ended(error: QueueError | undefined): void;
}
