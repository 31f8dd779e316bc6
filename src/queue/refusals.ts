/** Why a command is not applied, in sentences for whoever reads them. */
import type { ProblemCode } from "../contract/problems.ts";
import type { Refusal } from "./base/commands.ts";

function refusal(code: ProblemCode, detail: string, path?: string): Refusal {
  return path === undefined ? { verb: "refused", code, detail } : { verb: "refused", code, detail, path };
}

export function unknownQueue(): Refusal {
  return refusal(
    "unknown_queue",
    "The queue does not exist: nobody has put to it or configured it, or it was deleted.",
  );
}

export function unknownOutcome(): Refusal {
  return refusal("unavailable", "The queue was deleted while messages were on their way to another one.");
}

export function unknownMessage(): Refusal {
  return refusal(
    "unknown_message",
    "There is no such message: it was never put, it is done, or it is on its way to another queue.",
  );
}

export function full(maxSize: number): Refusal {
  return refusal("full", `The queue holds its maxSize of ${maxSize} messages.`);
}

export function storageFull(): Refusal {
  return refusal(
    "storage_full",
    "The queue's storage is nearly full. Receives and acks go on; purge or delete to free it.",
  );
}

export function putsPaused(): Refusal {
  return refusal("paused", "Puts are paused.");
}

export function shutDown(): Refusal {
  return refusal("shut_down", "The queue was shut down.");
}

export function tooMany(messages: number, maxSize: number): Refusal {
  const detail = `A put of ${messages} messages can never fit in a queue whose maxSize is ${maxSize}.`;
  return refusal("invalid", detail, "messages");
}

export function doneTooOften(count: number, unfinished: number): Refusal {
  return refusal("done_too_often", `${count} reported done, but only ${unfinished} are unfinished.`, "count");
}

export function orderConflict(order: string): Refusal {
  return refusal("order_conflict", `The queue holds messages in the order ${order}.`, "order");
}

export function reusedKey(): Refusal {
  return refusal("idempotency_key_reused", "This Idempotency-Key was used for a request with other content.");
}

export function unknownVerb(verb: string): Refusal {
  return refusal("invalid", `This version of the server does not know the verb ${verb}.`, "verb");
}

/** @param what takes the room that there is, as the subject of a sentence */
export function overloaded(what: string): Refusal {
  return refusal("overloaded", `${what}. This was not applied: try again in a moment.`);
}

export function tooManyWait(): Refusal {
  return overloaded("The queue has as many calls that wait as it may have");
}
