import type { Command, Result } from "../queue/base/commands.ts";
import type { QueueInfo } from "./reply.ts";

/** Whoever is to be answered. */
export interface Responder {
  /** Takes in what has become of a command. It is sent on when the commit batch is over. */
  answer(requestId: number, result: Result, queueInfo: QueueInfo): void;
  /** Whether it is so far behind with reading that nothing is done for it. */
  readonly isBehind?: boolean;
}

/** A command that is not answered yet. */
export interface Pending {
  caller: Responder;
  command: Command;
  /** Until when it may wait, by the queue's clock; undefined while it was not applied yet. */
  deadline?: number;
}
