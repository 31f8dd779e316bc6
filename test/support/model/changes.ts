import type { MessageChanges } from "../../../src/queue/base/commands.ts";
import type { Both } from "./both.ts";
import type { ModelMessage } from "./message.ts";
import { LONG_BODY } from "./puts.ts";
import type { ModelQueue } from "./queue.ts";

/** `placeOf`: see `Both.placeOf`. */
type PlaceOf = (id: string) => string;

/** The message to change, if it waits. */
function waiting(queue: ModelQueue, requestId: number, id: string): ModelMessage | undefined {
  const message = queue.messages.find((other) => other.id === id);
  const state = message && queue.stateOf(message);
  if (message === undefined || state === undefined) queue.refuse([requestId], "unknown_message");
  else if (state === "visible" || state === "delayed") return message;
  else queue.refuse([requestId], "not_waiting");
  return undefined;
}

function change(
  queue: ModelQueue,
  requestId: number,
  id: string,
  changes: MessageChanges & { name: string | undefined },
  placeOf: PlaceOf,
): void {
  const message = waiting(queue, requestId, id);
  if (message === undefined) return;
  if (queue.isStorageFull) {
    queue.refuse([requestId], "storage_full");
    return;
  }
  const { name = message.name, priority = message.priority, headers, delayMs, visibleAt } = changes;
  if (headers !== undefined) message.headers = changedHeaders(message.headers, headers);
  if (queue.settings.order === "priority" && priority !== message.priority) {
    queue.messages.splice(queue.messages.indexOf(message), 1);
    queue.messages.push(message);
    message.place = placeOf(id);
    queue.jobs.changed.add(message);
    queue.seen.push("changed to another priority");
  }
  Object.assign(message, { name, priority });
  const dueAt = visibleAt ?? (delayMs === undefined ? undefined : queue.now + delayMs);
  plan(queue, message, dueAt);
  answer(queue, requestId, message, "changed");
}

function promote(queue: ModelQueue, requestId: number, id: string): void {
  const message = waiting(queue, requestId, id);
  if (message === undefined) return;
  if (queue.stateOf(message) === "delayed") queue.seen.push("promoted");
  plan(queue, message, queue.now);
  answer(queue, requestId, message, "promote");
}

/** Its retention counts from the time that is planned anew. */
function plan(queue: ModelQueue, message: ModelMessage, dueAt: number | undefined): void {
  const isDelayed = queue.stateOf(message) === "delayed";
  if (isDelayed && message.deliveries > 0) queue.seen.push("changed before its next attempt");
  message.takenBackUntil = 0;
  if (dueAt === undefined || (dueAt <= queue.now && !isDelayed)) return;
  if (message.visibleAt !== Math.max(dueAt, queue.now)) queue.jobs.changed.add(message);
  message.visibleAt = Math.max(dueAt, queue.now);
  if (dueAt > queue.now) message.since = dueAt;
  else message.since = Math.min(message.since, queue.now);
}

/** The state is that of now: a receiver may be given the message next. */
function answer(queue: ModelQueue, requestId: number, message: ModelMessage, sighting: string): void {
  const { name, priority } = message;
  queue.answers.push({ requestId, verb: "view", message, state: queue.stateOf(message), name, priority });
  queue.seen.push(sighting);
}

export function randomChange(both: Both, requestId: number): void {
  const { random } = both;
  const id = both.someId();
  const name = random.chance(0.4) ? `${requestId}.c${random.chance(0.2) ? LONG_BODY : ""}` : undefined;
  const changes: MessageChanges = {
    ...(name === undefined ? {} : { content: `"body":"${name}"` }),
    ...(random.chance(0.5) ? { priority: random.pick([100, 0, 7, 255]) } : {}),
    ...random.pick([{}, {}, { headers: null }, { headers: '{"changed":"1"}' }, { headers: '{"dq-task":"b"}' }]),
    ...random.pick([{}, {}, { delayMs: 0 }, { delayMs: random.integer(5_000) }, { visibleAt: both.now + 1 }]),
  };
  both.tell(requestId, { verb: "change", id, changes }, () =>
    change(both.model, requestId, id, { ...changes, name }, (moved) => both.placeOf(moved)),
  );
}

export function randomPromote(both: Both, requestId: number): void {
  const delayed = both.model.messages.filter((message) => both.model.stateOf(message) === "delayed");
  const id = both.random.chance(0.5)
    ? both.someId()
    : (delayed[both.random.integer(Math.max(1, delayed.length))]?.id ?? "");
  both.tell(requestId, { verb: "promote", id }, () => promote(both.model, requestId, id));
}

/** The name of a job's task stays. */
function changedHeaders(before: string | undefined, headers: string | null): string | undefined {
  const task = before === undefined ? undefined : JSON.parse(before)["dq-task"];
  const all = { ...JSON.parse(headers ?? "{}"), ...(task === undefined ? {} : { "dq-task": task }) };
  return Object.keys(all).length === 0 ? undefined : JSON.stringify(all);
}
