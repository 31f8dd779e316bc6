import type { ReceivedMessage, ReplyOf } from "../../../src/api/types.ts";
import type { QueueError } from "../base/errors.ts";
import type { Instant } from "../base/instant.ts";

/** Receives the events of a subscription. */
export interface SubscriptionListener {
  /** A connection is open, and credit can be granted on it. Called anew for each connection. */
  connected(): void;
  /** @param sentAt when the grant of credit was sent that this answers */
  granted(reply: ReplyOf<"subscribe">, sentAt: Instant): void;
  pushed(messages: ReceivedMessage[]): void;
  /** Leases that ended before their time. Some may be of other consumers. */
  lost(receipts: readonly string[]): void;
  /** No message is pushed any more, as requested by `unsubscribe`. */
  unsubscribed(): void;
  /** The connection is gone, and its credit with it. The route tries to open another one. */
  disconnected(): void;
  /**
   * The server has been away for a while. Called once in an outage, then every minute while it lasts.
   *
   * @param since when the outage began
   */
  away(error: QueueError, since: Instant): void;
  /** The server answers again, after an outage of any length. */
  back(): void;
  /** No message is pushed any more, because of this error: the server refused, or the route was closed. */
  ended(error: QueueError): void;
  /** No socket can be opened: messages must be asked for while the route is on HTTP. */
  unsupported(): void;
}
