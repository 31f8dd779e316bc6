import type { ReceivedMessage } from "../../../src/api/types.ts";
import type { DeathReason } from "../../../src/contract/states.ts";
import { dateOf } from "./dates.ts";

/** Where a message comes from that died in another queue, and what it died of. */
export interface DeadLetter {
  queue: string;
  /** Its id in that queue. */
  id: string;
  reason: DeathReason;
  attempts: number;
  /** When it was put there. */
  firstPutAt: Date;
  diedAt: Date;
  /** What its last retry gave as its error. */
  lastError: string | undefined;
}

/** @internal */
export function deadLetterOf({ deadLetter }: Pick<ReceivedMessage, "deadLetter">): DeadLetter | undefined {
  if (deadLetter === undefined) return undefined;
  const { firstPutAt, diedAt, lastError, ...rest } = deadLetter;
  return { ...rest, firstPutAt: dateOf(firstPutAt), diedAt: dateOf(diedAt), lastError };
}
