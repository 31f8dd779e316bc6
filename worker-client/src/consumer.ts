import type { ReceivedMessage } from "../../src/contract/schema.ts";
import type { QueueError } from "./errors.ts";

/** Somebody who takes messages, as many as there is room for. */
export interface Consumer {
  /** How many messages it can take beyond those that it holds. */
  readonly room: number;
  take(messages: ReceivedMessage[]): void;
  /** Nothing comes any more; undefined because that was asked for. */
  ended(error: QueueError | undefined): void;
}
