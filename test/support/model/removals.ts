import type { Both } from "./both.ts";
import { end, removeUnfinished } from "./jobs.ts";
import type { ModelMessage } from "./message.ts";
import { byPlace, comparePlaces, rulesOf } from "./message.ts";
import { freeKeys } from "./puts.ts";
import type { ModelQueue } from "./queue.ts";

function cancel(queue: ModelQueue, requestId: number, id: string): void {
  const message = queue.messages.find((other) => other.id === id);
  if (message === undefined || message.transfer !== undefined) {
    queue.refuse([requestId], "unknown_message");
    return;
  }
  queue.lose([message]);
  if (!message.isDead) end(queue, message, { state: "cancelled", error: { name: "Cancelled" } });
  queue.jobs.left(message);
  queue.messages.splice(queue.messages.indexOf(message), 1);
  freeKeys(queue, [message]);
  if (!message.isDead) queue.unfinished = Math.max(0, queue.unfinished - 1);
  queue.answers.push({ requestId, verb: "cancel" });
}

function purge(queue: ModelQueue, requestId: number, only?: "dead"): void {
  const isMeant = ({ isDead, transfer }: ModelMessage) => transfer === undefined && (only === undefined || isDead);
  const purged = queue.messages.filter(isMeant).length;
  const unfinished = queue.messages.filter((message) => isMeant(message) && !message.isDead).length;
  freeKeys(queue, queue.messages.filter(isMeant));
  queue.lose(queue.messages.filter(isMeant));
  for (const message of queue.messages.filter(isMeant)) {
    if (!message.isDead) removeUnfinished(queue, message);
    queue.jobs.left(message);
  }
  queue.messages = queue.messages.filter((message) => !isMeant(message));
  queue.unfinished = Math.max(0, queue.unfinished - unfinished);
  queue.answers.push({ requestId, verb: "purge", purged });
}

function list(queue: ModelQueue, requestId: number, state: string | undefined, after: string, limit: number): void {
  // In the order of places, which is that of puts but for messages of several priorities.
  const meant = queue.messages.filter((message) => state === undefined || queue.stateOf(message) === state);
  const listed = byPlace(meant).filter(
    (message) => after === "" || comparePlaces(message.place ?? message.id, after) > 0,
  );
  queue.answers.push({
    requestId,
    verb: "messages",
    messages: listed.slice(0, limit),
    isLast: listed.length <= limit,
  });
}

/** The message is done: a handler has begun with it, whether that was reported or not. */
export function remove(queue: ModelQueue, message: ModelMessage, isFinished: boolean, result?: string): void {
  const keptMs = rulesOf(message).resultMs ?? (result === undefined ? 0 : queue.settings.resultMs);
  const attempts = message.deliveries - message.unbegun;
  end(queue, message, { state: "done", result: result ?? "null" }, { keptMs, attempts });
  queue.jobs.left(message);
  queue.messages.splice(queue.messages.indexOf(message), 1);
  if (isFinished) queue.unfinished = Math.max(0, queue.unfinished - 1);
}

export function randomCancel(both: Both, requestId: number, id = both.someId()): void {
  both.tell(requestId, { verb: "cancel", id }, () => cancel(both.model, requestId, id));
}

export function randomPurge(both: Both, requestId: number): void {
  const only = both.random.chance(0.5) ? "dead" : undefined;
  both.tell(requestId, { verb: "purge", only }, () => purge(both.model, requestId, only));
}

export function randomList(both: Both, requestId: number): void {
  const state = both.random.pick([undefined, "visible", "delayed", "leased", "dead", "transferring"] as const);
  const cursor = both.random.chance(0.5) ? both.someId() : "";
  const limit = both.random.pick([1, 10, 1_000]);
  both.tell(requestId, { verb: "messages", state, cursor, limit }, () =>
    list(both.model, requestId, state, cursor, limit),
  );
}
