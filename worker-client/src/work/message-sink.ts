import type { ReceivedMessage } from "../../../src/contract/schema.ts";
import type { SubscribeReply } from "../../../src/contract/socket.ts";
import type { QueueError } from "../base/errors.ts";
import type { Instant } from "../base/instant.ts";

/** What takes messages, as many as it has room for. */
export interface MessageSink {
  /** How many messages it can take beyond those that it holds. */
  readonly room: number;
  /** How many it would begin with at once. */
  readonly slots: number;
  /** How many it holds at most. */
  readonly capacity: number;
  /** Whether nothing waits in it, so that it would have nothing to begin with. */
  readonly isIdle: boolean;
  /** A connection is open on which messages are pushed. */
  connected(): void;
  granted(reply: SubscribeReply, sentAt: Instant): void;
  /** @param leaseSeconds how long their leases last, where they were asked for; undefined where they were pushed */
  take(messages: ReceivedMessage[], leaseSeconds?: number): void;
  lost(receipts: readonly string[]): void;
  /** The server cannot be reached for a while, or answers again after that. */
  serverReport(error: QueueError): void;
  /** Nothing comes any more; undefined because that was asked for. */
  ended(error: QueueError | undefined): void;
}
