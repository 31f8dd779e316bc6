/** The JSON texts of jobs: their results and their progress are passed on as they are stored. */
import { JOB_STATES } from "../../contract/states.ts";
import type { JobView, UnknownJob } from "../../queue/base/commands.ts";
import type { JobReply, UnknownJobReply } from "../schema/jobs.ts";
import { type JsonOf, jsonOf } from "./json-of.ts";

type Head = Omit<JobReply, "progress" | "result">;
type Time = "visibleAt" | "leaseEndsAt" | "expiresAt";

/** A job as it is shown. */
export function jobJson(view: JobView): JsonOf<JobReply> {
  const { id, state, task, attempts, putAt, until, progress, result, error, reason, finishedAt } = view;
  const time: Time | undefined = JOB_STATES[state].until;
  const times = time === undefined || until === undefined ? {} : { [time]: until / 1_000 };
  const head: Head = { id, state, task, attempts, putAt: putAt / 1_000, ...times, error, reason };
  if (finishedAt !== undefined) head.finishedAt = finishedAt / 1_000;
  const told = progress === undefined ? "" : `,"progress":${progress}`;
  const returned = result === undefined ? "" : `,"result":${result}`;
  return jsonOf(`${JSON.stringify(head).slice(0, -1)}${told}${returned}}`);
}

/** The same, or that nothing is known of its id. */
export function knownJobJson(view: JobView | UnknownJob): JsonOf<JobReply | UnknownJobReply> {
  if (view.state !== "unknown") return jobJson(view);
  return jsonOf(JSON.stringify({ id: view.id, state: view.state, expired: view.isExpired } satisfies UnknownJobReply));
}
