/**
 * The states of a message: the one list of them. The counts of a queue and of a segment, the columns in which they are
 * stored, and the names in answers are derived from it.
 */
import type { MessageState } from "../base/commands.ts";

export const VISIBLE = 0;
export const DELAYED = 1;
export const LEASED = 2;
export const GONE = 3;
/** Not handed out any more. Its time is that of its death. */
export const DEAD = 4;
/** On its way to another queue. Its time is that of its state before. */
export const TRANSFERRING = 5;

/** The name of each state that is counted: those of messages that the queue still has. */
export const NAME_OF = {
  [VISIBLE]: "visible",
  [DELAYED]: "delayed",
  [LEASED]: "leased",
  [DEAD]: "dead",
  [TRANSFERRING]: "transferring",
} as const satisfies Record<number, MessageState>;

/** The state of a message that the queue still has. */
export type PresentState = keyof typeof NAME_OF;
export type State = PresentState | typeof GONE;

/** The names of the states that are counted, in the order of their columns. */
export const STATE_NAMES: readonly MessageState[] = Object.values(NAME_OF);

/** How many messages are in each state. */
export type StateCounts = Record<MessageState, number>;

export const NONE: Readonly<StateCounts> = { visible: 0, delayed: 0, leased: 0, dead: 0, transferring: 0 };

/** Whether a stored value is one of the states. */
export function isState(value: unknown): value is State {
  return typeof value === "number" && (value === GONE || value in NAME_OF);
}

/** A change of a message's state: the new state, and until when it lasts. */
export interface Transition {
  state: PresentState;
  visibleAt: number;
}
