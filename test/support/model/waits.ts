import type { ModelWait } from "./answers.ts";
import type { Both } from "./both.ts";
import { viewOf } from "./jobs.ts";
import type { ModelQueue } from "./queue.ts";

/** Answers waits that are over. */
export function endWaits(queue: ModelQueue, waits: ModelWait[]): void {
  for (const { verb, requestId } of waits) {
    if (verb === "put") queue.refuse([requestId], queue.noRoom);
    else if (verb === "join") queue.answers.push({ requestId, verb, finished: false });
    else if (verb === "receive") queue.answers.push({ requestId, verb, deliveries: [] });
    else endResultWait(queue, requestId);
  }
  queue.forget(waits.map(({ requestId }) => requestId));
}

/** The job has not ended: it is shown as it is. */
function endResultWait(queue: ModelQueue, requestId: number): void {
  const message = queue.jobs.waits.find((wait) => wait.requestId === requestId)?.message;
  queue.answers.push({ requestId, verb: "result", job: { message, id: "", view: viewOf(queue, message) } });
  queue.seen.push("wait for a job over");
}

/** Ends waits before their time. */
function cancelWaits(queue: ModelQueue, requestId: number, requestIds: number[]): void {
  const ended = queue.waits().filter((waiting) => requestIds.includes(waiting.requestId));
  endWaits(queue, ended);
  queue.answers.push({ requestId, verb: "cancel_wait", ended: ended.length });
}

/** Some that wait, one that most likely was answered, and a subscriber, which is none of these. */
export function randomCancelWaits(both: Both, requestId: number): void {
  const requestIds = [...someWaits(both), both.random.integer(requestId), both.random.pick(both.subscribers)];
  both.tell(requestId, { verb: "cancel_wait", requestIds }, () => cancelWaits(both.model, requestId, requestIds));
}

function someWaits(both: Both): number[] {
  return both.model.waits().flatMap(({ requestId }) => (both.random.chance(0.3) ? [requestId] : []));
}

/** A connection is gone, with all that waits on it. The next connection is another subscriber. */
export function randomLeave(both: Both): void {
  const requestIds = someWaits(both);
  const subscriber = both.random.pick(both.subscribers);
  both.queue.leave(new Set(requestIds), subscriber);
  both.model.leave(requestIds, subscriber);
  both.subscribers[both.subscribers.indexOf(subscriber)] = both.newRequestId();
  if (requestIds.length > 0) both.comparison.see("left");
}
