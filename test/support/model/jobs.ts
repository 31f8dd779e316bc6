import type { JobError } from "../../../src/queue/base/commands.ts";
import type { ModelJob } from "./answers.ts";
import { attemptsOf, type ModelMessage, type ModelView, rulesOf } from "./message.ts";
import type { ModelQueue } from "./queue.ts";

/** How a job ended. */
type Ending = Pick<ModelView, "state" | "result" | "error" | "reason">;

/** A result that is longer is not sent to watches. */
const TOLD_CHARACTERS_MAX = 262_144;

/** The message has ended, as a job or not: its outcome is kept, and told to the calls and watches that wait for it. */
export function end(
  queue: ModelQueue,
  message: ModelMessage,
  ending: Ending,
  { keptMs = rulesOf(message).resultMs ?? 0, attempts = attemptsOf(message) } = {},
): void {
  const { jobs, now } = queue;
  const { putAt } = message;
  const view = { ...ending, task: taskOf(message), attempts, putAt, until: now + keptMs, finishedAt: now };
  message.progress = undefined;
  if (keptMs > 0) {
    if (message.outcome !== undefined) {
      if (message.outcome.until > now) queue.seen.push("outcome replaced");
      jobs.kept.splice(jobs.kept.indexOf(message), 1);
    }
    message.outcome = view;
    jobs.kept.push(message);
    jobs.recorded += 1;
  }
  tellEnd(queue, { message, id: "", view });
}

/** The message was given up: with what its consumer said at the end, or what the queue makes of it. */
export function fail(
  queue: ModelQueue,
  message: ModelMessage,
  reason: "max_attempts" | "expired" | "rejected",
  error: JobError | string | undefined,
): void {
  end(queue, message, { state: "failed", error: errorOf(reason, error), reason });
}

/** The message is removed with others: no outcome of it is kept. */
export function removeUnfinished(queue: ModelQueue, message: ModelMessage): void {
  end(queue, message, { state: "cancelled", error: { name: "Removed" } }, { keptMs: 0 });
}

/** Waiting calls and watches of a job learn that nothing is known of it any more. */
export function tellGone(queue: ModelQueue, message: ModelMessage, code = "unknown_message"): void {
  for (const { requestId } of queue.jobs.waits.filter((wait) => wait.message === message)) {
    queue.answers.push({ requestId, verb: "refused", code, ...(code === "unknown_message" && { isExpired: true }) });
    queue.seen.push("wait for a job that is gone");
  }
  queue.jobs.waits = queue.jobs.waits.filter((wait) => wait.message !== message);
  tellEnd(queue, { message, id: message.id, view: { state: "unknown", isExpired: true } });
}

function tellEnd(queue: ModelQueue, job: ModelJob): void {
  const { jobs } = queue;
  const isMeant = (other: { message: ModelMessage }) => other.message === job.message;
  for (const { requestId } of jobs.waits.filter(isMeant)) queue.answers.push({ requestId, verb: "result", job });
  for (const { subscriber } of jobs.watches.filter(isMeant)) tell(queue, subscriber, job);
  jobs.waits = jobs.waits.filter((wait) => !isMeant(wait));
  jobs.watches = jobs.watches.filter((watch) => !isMeant(watch));
}

function tell(queue: ModelQueue, requestId: number, { message, id, view }: ModelJob): void {
  if (shortened(view) !== view) queue.seen.push("result too long to be told");
  queue.answers.push({ requestId, verb: "job", job: { message, id, view: shortened(view) } });
}

/** Tells what has become of jobs that go on. */
export function tellChanges(queue: ModelQueue): void {
  const { changed, watches } = queue.jobs;
  for (const { subscriber, message, hasEvents } of watches) {
    if (!hasEvents || !changed.has(message)) continue;
    tell(queue, subscriber, { message, id: message.id, view: viewOf(queue, message) });
    queue.seen.push("job event");
  }
  changed.clear();
}

/** Without the result if that is too long to be sent unasked. */
export function shortened(view: ModelJob["view"]): ModelJob["view"] {
  const isLong = "result" in view && (view.result?.length ?? 0) > TOLD_CHARACTERS_MAX;
  return isLong ? { ...view, result: undefined } : view;
}

/** What is shown of a message that is, or was, in the queue, or in one of this name before a deletion. */
export function viewOf(queue: ModelQueue, message: ModelMessage | undefined): ModelJob["view"] {
  const isOfThisLife = message?.id.startsWith(`0.${queue.jobs.generation}-`) === true;
  if (message === undefined || !isOfThisLife) return { state: "unknown", isExpired: false };
  const isHere = queue.messages.includes(message);
  if (isHere && !message.isDead) return viewOfLive(queue, message);
  const { outcome } = message;
  if (outcome !== undefined && outcome.until > queue.now) return outcome;
  return isHere ? viewOfDead(message) : { state: "unknown", isExpired: true };
}

/** What moves to another queue is shown as it was: it may come back. */
function viewOfLive(queue: ModelQueue, message: ModelMessage): ModelView {
  const { putAt, visibleAt, leased } = message;
  const rest = { task: taskOf(message), attempts: attemptsOf(message), putAt };
  if (leased) return { state: "running", ...rest, until: visibleAt, progress: message.progress };
  const isDelayed = visibleAt > queue.now;
  return { state: isDelayed ? "delayed" : "waiting", ...rest, until: isDelayed ? visibleAt : undefined };
}

/** Its outcome was not kept, or not for so long. */
function viewOfDead(message: ModelMessage): ModelView {
  const { putAt, visibleAt: finishedAt, reason = "max_attempts", lastError } = message;
  const rest = { task: taskOf(message), attempts: attemptsOf(message), putAt, finishedAt };
  return { state: "failed", ...rest, reason, error: errorOf(reason, lastError) };
}

function errorOf(reason: NonNullable<ModelView["reason"]>, given: JobError | string | undefined): Partial<JobError> {
  if (typeof given === "object") return given;
  // The text of an error with a stack is taken apart again.
  const [head = "", frames] = given?.split("\n") ?? [];
  if (frames?.startsWith("  at "))
    return { name: "TypeError", message: head.replace("TypeError: ", ""), stack: frames };
  if (given !== undefined) return { name: "Error", message: given };
  return { name: { max_attempts: "AttemptsUsedUp", expired: "Expired", rejected: "Rejected" }[reason] };
}

function taskOf({ headers }: ModelMessage): string | undefined {
  return headers?.includes('"dq-task"') ? JSON.parse(headers)["dq-task"] : undefined;
}

/** Whether it is a job as lists have it: it was put as one of a task, or with a time for which its outcome is kept. */
function isJob(message: ModelMessage): boolean {
  const { resultMs } = message.rules ?? {};
  const isPutAsJob = resultMs !== undefined && (resultMs > 0 || taskOf(message) !== undefined);
  return isPutAsJob && message.source === "";
}

/** All jobs that are in the queue: those that have ended only if their outcomes are not kept. */
export function unendedJobs(queue: ModelQueue): ModelMessage[] {
  queue.jobs.valid(queue.now);
  return queue.messages.filter((message) => isJob(message) && (!message.isDead || message.outcome === undefined));
}

/** All jobs whose outcomes are kept. One that was redriven is back. */
export function endedJobs(queue: ModelQueue): ModelMessage[] {
  return queue.jobs.valid(queue.now).filter((message) => message.isDead || !queue.messages.includes(message));
}
