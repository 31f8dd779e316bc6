import type { Command, Result } from "../queue/base/commands.ts";
import type { Surroundings } from "./reply.ts";

/** Whoever is to be answered. */
export interface Caller {
  /** Takes in what has become of a command. It is sent on when the round is over. */
  answer(requestId: number, result: Result, surroundings: Surroundings): void;
  /** Whether it is so far behind with reading that nothing is done for it. */
  readonly isBehind?: boolean;
}

/** A command that is not answered yet. */
export interface Pending {
  caller: Caller;
  command: Command;
  /** Until when it may wait, by the queue's clock; undefined while it was not applied yet. */
  deadline?: number;
}
