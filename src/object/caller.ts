import type { Result } from "../queue/commands.ts";
import type { Surroundings } from "./reply.ts";

/** Whoever is to be answered. */
export interface Caller {
  /** Takes in what has become of a command. It is sent on when the round is over. */
  answer(ticket: number, result: Result, surroundings: Surroundings): void;
}
