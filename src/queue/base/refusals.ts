/** Why a command is not applied: what is wrong, which rule that breaks, and what the caller can do. */
import type { ProblemCode } from "../../contract/problems.ts";
import type { MessageState } from "../../contract/states.ts";
import type { Refusal } from "./commands.ts";

/** @param path the field of the request at fault, if there is one */
function refusal(code: ProblemCode, detail: string, path?: string): Refusal {
  return path === undefined ? { verb: "refused", code, detail } : { verb: "refused", code, detail, path };
}

export function unknownQueue(): Refusal {
  return refusal(
    "unknown_queue",
    "The queue does not exist: it has not been put to or configured, or it was deleted. A put or a configuration creates it.",
  );
}

/** For a configuration of a webhook that the queue does not have. */
export function noWebhookUrl(): Refusal {
  const rule = "is missing; it must be the URL of the receiver, because the queue has no webhook yet";
  return refusal("invalid", `push.url ${rule}.`, "push.url");
}

/** For a redrive whose queue is deleted while its messages are on their way. */
export function unknownOutcome(): Refusal {
  return refusal(
    "unavailable",
    "The queue was deleted while redriven messages were on their way to another queue. They may have arrived: look there.",
  );
}

/** @param queue where dead letters would go, to which the caller may send nothing */
export function outOfReach(queue: string): Refusal {
  const detail = `These dead letters come from the queue ${queue} and would go back there, but the key is not for it. Use a key that is for it, or redrive them to another queue.`;
  return refusal("forbidden", detail);
}

export function unknownMessage(): Refusal {
  return refusal(
    "unknown_message",
    "The queue has no message with this id: it was never put here, is done or removed, or is on its way to another queue.",
  );
}

/** @param isExpired whether the queue had a message with this id */
export function unknownJob(isExpired: boolean): Refusal {
  const gone =
    "The message with this id is not in the queue any more, and nothing of it is kept: its outcome has expired, was purged, or was not to be kept. Set resultSeconds to keep it longer.";
  const never = "The queue never had a message with this id. Look whether the id and the queue are right.";
  return { verb: "refused", code: "unknown_message", detail: isExpired ? gone : never, isExpired };
}

export function unknownCursor(): Refusal {
  const detail =
    "The cursor is of another list: of another queue, or of one with this name that was deleted since. Begin a new list without a cursor.";
  return refusal("invalid", detail, "cursor");
}

/** What a caller can do whose message is in a state in which it cannot be changed. */
const INSTEAD_OF_CHANGE: Readonly<Partial<Record<MessageState, string>>> = {
  leased: "Wait until its lease is over, or cancel it and put another.",
  dead: "Redrive it first.",
  transferring: "Look for it in the queue to which it goes.",
};

export function notWaiting(state: MessageState): Refusal {
  const detail = `The message is ${state}, and only a message that is visible or delayed can be changed or promoted. ${INSTEAD_OF_CHANGE[state] ?? ""}`;
  return refusal("not_waiting", detail.trim());
}

/** @param bytesMax what the message may have in its row, as it is stored */
export function changeTooLarge(bytes: number, bytesMax: number): Refusal {
  const detail = `The changed message would have ${bytes} bytes, but the row that it shares with other messages has room for ${bytesMax}. Send a smaller body, or cancel the message and put another.`;
  return refusal("too_large", detail, "body");
}

export function full(maxSize: number): Refusal {
  return refusal(
    "full",
    `The queue has no room: its maxSize is ${maxSize} messages. Put again when messages have been taken, wait for room, or raise maxSize.`,
  );
}

export function storageFull(): Refusal {
  return refusal(
    "storage_full",
    "The queue's storage is nearly full, so puts are refused. Receives and acks go on: let them drain the queue, purge it, or delete it.",
  );
}

export function putsPaused(): Refusal {
  return refusal("paused", "Puts to the queue are paused. Put again when they are resumed.");
}

export function shutDown(): Refusal {
  return refusal(
    "shut_down",
    "The queue was shut down: it refuses puts, and receives when nothing is left. Delete the queue to begin anew.",
  );
}

export function tooMany(messages: number, maxSize: number): Refusal {
  const detail = `A put of ${messages} messages never fits into a queue whose maxSize is ${maxSize}. Put fewer at a time, or raise maxSize.`;
  return refusal("invalid", detail, "messages");
}

export function doneTooOften(count: number, unfinished: number): Refusal {
  const detail = `More messages were reported done (${count}) than are unfinished (${unfinished}). Report each message once, after it was taken.`;
  return refusal("done_too_often", detail, "count");
}

export function orderConflict(order: string): Refusal {
  const detail = `The queue holds messages in the order ${order}. The order can be changed only while the queue is empty: purge it first.`;
  return refusal("order_conflict", detail, "order");
}

export function reusedKey(): Refusal {
  return refusal(
    "idempotency_key_reused",
    "The idempotency key was used for a request with other content. Repeat a request unchanged, or use a new key.",
  );
}

export function unknownVerb(verb: string): Refusal {
  const detail = `This version of the server does not know the verb ${verb}. Use a verb that it knows, or update the server.`;
  return refusal("invalid", detail, "verb");
}

/** @param what takes the room that there is, as a sentence without its full stop */
export function overloaded(what: string): Refusal {
  return refusal("overloaded", `${what}. This was not applied: try again in a moment.`);
}

/** @param watchesMax how many jobs may be watched in one queue */
export function tooManyWatches(watchesMax: number): Refusal {
  const detail = `${watchesMax} jobs of the queue are watched, and no more may. This was not applied: ask for results without waiting, or watch fewer jobs at a time.`;
  return refusal("too_many_waits", detail);
}

/** @param bytesMax the size of all announced tasks together */
export function tooManyTasks(bytesMax: number, tasksMax: number): Refusal {
  const detail = `The tasks of the queue would have more than ${bytesMax} bytes together, or be more than ${tasksMax}. Announce them without the schemas of their inputs, or fewer.`;
  return refusal("too_large", detail, "tasks");
}

/** @param waitsMax how many calls may wait in one queue */
export function tooManyWait(waitsMax: number): Refusal {
  return overloaded(`${waitsMax} calls wait in the queue, and no more may`);
}
