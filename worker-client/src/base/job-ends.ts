import type { JobReply } from "../../../src/api/types.ts";

/** Whether the job has ended. */
export function hasEnded({ state }: Pick<JobReply, "state">): boolean {
  return state === "done" || state === "failed" || state === "cancelled";
}
