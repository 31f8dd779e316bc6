/** The states of a message in the form in which they are stored: a code for each, and one for a message that is gone. */
import { type MessageState, STATE_NAMES, STATES } from "../../contract/states.ts";

export const VISIBLE = STATES.visible.code;
export const DELAYED = STATES.delayed.code;
export const LEASED = STATES.leased.code;
export const GONE = 3;
/** Its time is that of its death. */
export const DEAD = STATES.dead.code;
/** Its time is that of its state before. */
export const TRANSFERRING = STATES.transferring.code;

/** The code of the state of a message that the queue still has. */
export type PresentState = (typeof STATES)[MessageState]["code"];
export type State = PresentState | typeof GONE;

/** The name of each state that is counted: those of messages that the queue still has. */
export const NAME_OF = Object.fromEntries(STATE_NAMES.map((name) => [STATES[name].code, name])) as Record<
  PresentState,
  MessageState
>;

/** How many messages are in each state. */
export type StateCounts = Record<MessageState, number>;

/** Counts for each state, made by a function of the state's name. */
export function countsBy(countOf: (name: MessageState) => number): StateCounts {
  return Object.fromEntries(STATE_NAMES.map((name) => [name, countOf(name)])) as StateCounts;
}

export const NONE: Readonly<StateCounts> = countsBy(() => 0);

/** How many messages there are in all states together. */
export function sumOf(counts: Readonly<StateCounts>): number {
  let sum = 0;
  for (const name of STATE_NAMES) sum += counts[name];
  return sum;
}

/** Whether a stored value is one of the states. */
export function isState(value: unknown): value is State {
  return typeof value === "number" && (value === GONE || value in NAME_OF);
}

/** A change of a message's state: the new state, and until when it lasts. */
export interface Transition {
  state: PresentState;
  visibleAt: number;
}
