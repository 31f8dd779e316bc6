import { check } from "../api/check.ts";
import { orMilliseconds } from "../api/milliseconds.ts";
import { ProblemError } from "../api/problem-error.ts";
import { joinCommand, putCommand, receiveCommand } from "../api/request-commands.ts";
import { isOnlyReceipts, type RequestContext, VERBS } from "../api/verbs.ts";
import type { Verb } from "../contract/endpoints.ts";
import { emptyRequest } from "../contract/schema/fields.ts";
import {
  beginRequest,
  cancelWaitRequest,
  socketJoinRequest,
  socketPutRequest,
  socketReceiveRequest,
  subscribeRequest,
} from "../contract/schema/socket-operations.ts";
import type { Command } from "../queue/base/commands.ts";
import type { Operation } from "./frames.ts";
import { messagesOfLines } from "./line-messages.ts";

/** What of a connection its operations are about. */
export interface Connection {
  /** The number under which it is subscribed. */
  subscriber: number;
  /** The request id of an operation that waits. */
  requestIdOf(id: number): number | undefined;
}

/** The command that an operation stands for. Throws a `ProblemError` for what breaks a rule. */
export function commandOf(operation: Operation, context: RequestContext, connection: Connection): Command {
  const { verb, request = {}, contents } = operation;
  const { idempotencyKey, now } = context;
  if (verb !== "put" && contents.length > 0) throw invalid("lines", "belong to a put");
  switch (verb) {
    case "put": {
      const { messages, wait } = isOnlyWait(request)
        ? { messages: undefined, ...request }
        : check(socketPutRequest, request);
      return putCommand(messagesOfLines(contents, messages), waitSeconds(wait), idempotencyKey, now);
    }
    case "receive": {
      const { wait, ...rest } = check(socketReceiveRequest, request);
      return receiveCommand({ ...rest, timeoutSeconds: waitSeconds(wait) });
    }
    case "join":
      return joinCommand({ timeoutSeconds: waitSeconds(check(socketJoinRequest, request).wait) });
    case "subscribe": {
      const { credit, leaseSeconds } = check(subscribeRequest, request);
      return { verb, subscriber: connection.subscriber, credit, leaseMs: orMilliseconds(leaseSeconds) };
    }
    case "unsubscribe":
      check(emptyRequest, request);
      return { verb, subscriber: connection.subscriber };
    case "begin": {
      const { receipts } = isOnlyReceipts(request) ? request : check(beginRequest, request);
      return { verb, receipts };
    }
    case "cancel_wait": {
      const { ids } = check(cancelWaitRequest, request);
      return { verb, requestIds: ids.flatMap((id) => connection.requestIdOf(id) ?? []) };
    }
    default:
      if (!Object.hasOwn(VERBS, verb)) throw invalid("verb", `must be one of ${NAMES.join(", ")}`);
      return VERBS[verb as Verb](request, context);
  }
}

const NAMES = [...Object.keys(VERBS), "subscribe", "unsubscribe", "begin", "cancel_wait"];

/** The commands of puts that share an operation: one message each, stored or refused alone. */
export function putCommandsOf({ verb, request = {}, contents, keys = [] }: Operation, now: number): Command[] {
  if (verb !== "put") throw invalid("keys", "belong to puts");
  const { messages, wait } = check(socketPutRequest, request);
  if (wait) throw invalid("wait", "is for a put of its own");
  if (keys.length !== contents.length) throw invalid("keys", "must be as many as the lines");
  return messagesOfLines(contents, messages).map((message, index) => putCommand([message], 0, keys[index], now));
}

/** Whether a put says nothing else: most do not, and it would take longer to look that up in the schema. */
function isOnlyWait(request: unknown): request is { wait: boolean } {
  if (typeof request !== "object" || request === null || !("wait" in request)) return false;
  return typeof request.wait === "boolean" && Object.keys(request).length === 1;
}

function waitSeconds(wait: boolean): number {
  return wait ? Number.POSITIVE_INFINITY : 0;
}

function invalid(path: string, message: string): ProblemError {
  return new ProblemError("invalid", `${path} ${message}.`, [{ path, message }]);
}
