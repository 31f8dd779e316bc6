import type { Message } from "../message/message.ts";
import type { Handler } from "./run-handler.ts";

/** What a worker does with its messages. */
export interface Work {
  handler: Handler<unknown>;
  /** How long the handler of a message may take. Undefined: as the worker's options say. */
  timeoutSecondsOf?(message: Message<unknown>): number | undefined;
  /** Called for each connection on which messages are pushed, when it is open. */
  connected?(): void;
}
