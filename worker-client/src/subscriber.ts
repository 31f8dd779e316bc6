import type { ReceivedMessage } from "../../src/contract/schema.ts";
import type { QueueError } from "./errors.ts";

/** Somebody to whom messages come by themselves. */
export interface Subscriber {
  /** Credit can be granted: anew for each connection. */
  connected(): void;
  pushed(messages: ReceivedMessage[]): void;
  /** Nothing comes any more, because that was asked for. */
  unsubscribed(): void;
  /** The connection is gone, and its credit with it. It will be tried to have another one. */
  disconnected(): void;
  /** Nothing comes any more: the server says why. */
  ended(error: QueueError): void;
  /** No socket can be had: messages are to be asked for, for as long as the route is on HTTP. */
  unsupported(): void;
}
