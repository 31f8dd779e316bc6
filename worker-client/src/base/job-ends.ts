import type { JobReply } from "../../../src/api/types.ts";
import { type JobState, OUTCOMES } from "../../../src/contract/states.ts";

const ENDS: ReadonlySet<JobState> = new Set(OUTCOMES);

/** Whether the job has ended. */
export function hasEnded({ state }: Pick<JobReply, "state">): boolean {
  return ENDS.has(state);
}
