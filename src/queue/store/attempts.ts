/** How attempts are counted: deliveries with which a handler began; and whether a message has ever used them up. */
import type { Note } from "./notes.ts";
import type { Segment } from "./segment.ts";
import { DEAD, GONE } from "./states.ts";

/** How often a handler has begun with a message: its deliveries without those that were never begun. */
export function attemptsOf(segment: Segment, index: number): number {
  const unbegun = (segment.noteOf(index).unbegun ?? 0) + Number(segment.isUnbegun(index));
  return segment.deliveriesOf(index) - unbegun;
}

/** The attempts that `maxAttempts` is compared with: those since the last redrive. */
export function countedAttemptsOf(segment: Segment, index: number): number {
  return attemptsOf(segment, index) - (segment.noteOf(index).spared ?? 0);
}

/** Notes that the newest delivery of a message does not count as an attempt. Call it at most once for each delivery. */
export function noteUnbegun(segment: Segment, index: number): void {
  segment.note(index, { unbegun: (segment.noteOf(index).unbegun ?? 0) + 1 });
}

/** Undoes `noteUnbegun`: a handler had begun with the newest delivery after all. */
export function noteBegun(segment: Segment, index: number): void {
  const unbegun = (segment.noteOf(index).unbegun ?? 0) - 1;
  segment.note(index, { unbegun: unbegun > 0 ? unbegun : undefined });
}

/** Notes why an attempt failed. Such a message was begun, though its begin may not have been reported. */
export function noteFailure(segment: Segment, index: number, note: Pick<Note, "error" | "reason">): void {
  segment.begin(index);
  segment.note(index, note);
}

/** Whether a message is here and has never been dead: one that was redriven was. */
export function isAlive({ segment, index }: { segment: Segment; index: number }): boolean {
  const state = segment.stateOf(index);
  if (state === GONE || state === DEAD) return false;
  const { spared, was } = segment.noteOf(index);
  return spared === undefined && was !== DEAD;
}
