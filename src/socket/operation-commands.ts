import { check } from "../api/check.ts";
import { orMilliseconds } from "../api/milliseconds.ts";
import { messagesOfLines, putCommand } from "../api/new-messages.ts";
import { invalid } from "../api/problem-error.ts";
import { joinCommand, receiveCommand } from "../api/request-commands.ts";
import { type RequestContext, VERBS } from "../api/verbs.ts";
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

/** The connection on which an operation came. */
export interface Connection {
  /** The number under which it is subscribed. */
  subscriber: number;
  /** The request id of an operation that is not answered; undefined if there is none with this id. */
  requestIdOf(id: number): number | undefined;
}

/**
 * The command of an operation.
 *
 * @throws {ProblemError} if the operation breaks a rule
 */
export function commandOf(operation: Operation, context: RequestContext, connection: Connection): Command {
  const { verb, request = {}, contents } = operation;
  const { idempotencyKey, now } = context;
  if (verb !== "put" && contents.length > 0) throw invalid("lines", "are only for puts");
  switch (verb) {
    case "put": {
      const { messages, wait } = check(socketPutRequest, request);
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
      const { receipts } = check(beginRequest, request);
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

/**
 * The commands of puts that share an operation: one message each, stored or refused independently.
 *
 * @throws {ProblemError} if the operation breaks a rule
 */
export function putCommandsOf({ verb, request = {}, contents, keys = [] }: Operation, now: number): Command[] {
  if (verb !== "put") throw invalid("keys", "are only for puts");
  const { messages, wait } = check(socketPutRequest, request);
  if (wait) throw invalid("wait", "must be false for puts that share an operation");
  if (keys.length !== contents.length)
    throw invalid("keys", `must be as many as the ${contents.length} lines, but are ${keys.length}`);
  return messagesOfLines(contents, messages).map((message, index) => putCommand([message], 0, keys[index], now));
}

function waitSeconds(wait: boolean): number {
  return wait ? Number.POSITIVE_INFINITY : 0;
}
