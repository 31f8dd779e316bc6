/**
 * The verbs of a queue, each with the schema of its request and the command that it becomes. HTTP and the socket share
 * them, so that a request has the same meaning and the same rules on both.
 */
import type * as z from "zod";
import type { Verb } from "../contract/endpoints.ts";
import { RECEIPT_CHARACTERS_MAX, RECEIPTS_MAX } from "../contract/limits.ts";
import { pauseRequest, purgeRequest, redriveRequest, shutdownRequest } from "../contract/schema/administration.ts";
import { emptyRequest } from "../contract/schema/fields.ts";
import {
  ackRequest,
  doneRequest,
  extendRequest,
  joinRequest,
  receiveRequest,
  retryRequest,
} from "../contract/schema/leases.ts";
import { messageRequest, messagesQuery, putRequest } from "../contract/schema/messages.ts";
import { configureRequest } from "../contract/schema/queues.ts";
import type { Command } from "../queue/base/commands.ts";
import { check } from "./check.ts";
import { newGeneration } from "./generation.ts";
import { newMessageOf, putCommand } from "./new-messages.ts";
import { invalid } from "./problem-error.ts";
import {
  ackCommand,
  configureCommand,
  doneCommand,
  extendCommand,
  joinCommand,
  pauseCommand,
  receiveCommand,
  retryCommand,
} from "./request-commands.ts";

/** What belongs to a request beside its fields. */
export interface RequestContext {
  /** The queue's name. */
  queue: string;
  idempotencyKey?: string | undefined;
  /** The time by the clock, in milliseconds. */
  now: number;
}

/** Checks a request and makes a command of it. Throws a `ProblemError` for a request that breaks a rule. */
export type ToCommand = (request: unknown, context: RequestContext) => Command;

function verb<Schema extends z.ZodType>(
  schema: Schema,
  commandOf: (request: z.output<Schema>, context: RequestContext) => Command,
): ToCommand {
  return (request, context) => commandOf(check(schema, request), context);
}

/** The verbs that HTTP and the socket share. The socket has more: see `socket/operations.ts`. */
export const VERBS = {
  configure: verb(configureRequest, (request, { queue }) => {
    assertOther(queue, "deadLetterQueue", request.deadLetterQueue);
    return configureCommand(request);
  }),
  describe: verb(emptyRequest, () => ({ verb: "describe" })),
  delete: verb(emptyRequest, () => ({ verb: "delete", nextGeneration: newGeneration() })),
  put: verb(putRequest, ({ messages, timeoutSeconds }, { idempotencyKey, now }) =>
    putCommand(messages.map(newMessageOf), timeoutSeconds, idempotencyKey, now),
  ),
  receive: verb(receiveRequest, receiveCommand),
  ack: (request) => ackCommand(isOnlyReceipts(request) ? { ...request, finish: true } : check(ackRequest, request)),
  retry: verb(retryRequest, retryCommand),
  extend: verb(extendRequest, extendCommand),
  done: verb(doneRequest, (request, { idempotencyKey }) => doneCommand(request, idempotencyKey)),
  join: verb(joinRequest, joinCommand),
  messages: verb(messagesQuery, (request) => ({ verb: "messages", ...request })),
  peek: verb(messageRequest, ({ id }) => ({ verb: "peek", id })),
  cancel: verb(messageRequest, ({ id }) => ({ verb: "cancel", id })),
  redrive: verb(redriveRequest, (request, { queue }) => {
    assertOther(queue, "to", request.to);
    return { verb: "redrive", ...request };
  }),
  purge: verb(purgeRequest, (request) => ({ verb: "purge", ...request })),
  shutdown: verb(shutdownRequest, ({ immediate }) => ({ verb: "shutdown", immediate })),
  pause: verb(pauseRequest, (request) => pauseCommand(request, true)),
  resume: verb(pauseRequest, (request) => pauseCommand(request, false)),
} as const satisfies Record<Verb, ToCommand>;

/**
 * Whether a request, as of most acks, has valid receipts and no other field. For speed, because every message comes back
 * in one: the schema takes five times as long, and is asked about every other request.
 */
export function isOnlyReceipts(request: unknown): request is { receipts: string[] } {
  if (typeof request !== "object" || request === null || !("receipts" in request)) return false;
  const { receipts } = request;
  if (!Array.isArray(receipts) || receipts.length === 0 || receipts.length > RECEIPTS_MAX) return false;
  return Object.keys(request).length === 1 && receipts.every(isReceipt);
}

function isReceipt(value: unknown): boolean {
  return typeof value === "string" && value.length > 0 && value.length <= RECEIPT_CHARACTERS_MAX;
}

/** A queue cannot be its own dead-letter queue, nor redrive to itself. */
function assertOther(queue: string, path: string, name: string | null | undefined): void {
  if (name === queue) throw invalid(path, "must be another queue");
}
