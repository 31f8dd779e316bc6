import { commandOf } from "../api/command-of.ts";
import { infoWithoutStorage } from "../api/forms/queue-info.ts";
import type { AskContext } from "../api/object-calls.ts";
import { type Reply, replyOf } from "../api/reply.ts";
import { VERBS, type Verb } from "../api/verbs/index.ts";
import { API_VERSION } from "../contract/version.ts";
import { directoryOf, queueOf, type ServerEnv } from "../env.ts";
import type { Result } from "../queue/base/commands.ts";
import { unknownQueue } from "../queue/base/refusals.ts";
import { askAndWait } from "./ask-and-wait.ts";
import { callObject } from "./call-object.ts";

/** A request to a queue. It is checked by the queue's object. */
export interface QueueRequest {
  queue: string;
  verb: Verb;
  /** An object, or its JSON text. */
  request: unknown;
  context: AskContext;
  /**
   * Is aborted when the client disconnects, as far as the platform reports that. Undefined for a caller that ends its wait
   * by `abandon`.
   */
  signal?: AbortSignal | undefined;
}

/**
 * Performs a request at its queue's object. A request that neither creates the queue nor waits for it is answered here if
 * the directory does not know the name: an object for a guessed name would cost a database and memory.
 *
 * @throws {ProblemError} if the object or the directory cannot be reached, or a request that is answered here is wrong
 */
export async function performRequest(env: ServerEnv, asked: QueueRequest): Promise<Reply> {
  const { queue, verb } = asked;
  const { knownQueues } = env.server.isolate;
  const mayBeFirst = VERBS[verb].mayBeFirst && verb !== "receive";
  if (!mayBeFirst && !(await isKnown(env, queue))) {
    const reply = replyIfUnknown(asked);
    if (reply !== undefined) return reply;
  }
  const reply = await callObject(env, queue, () => ask(env, asked));
  const isGone = reply.ok ? verb === "delete" : reply.code === "unknown_queue";
  // An empty receive does not prove that the queue exists.
  if (isGone) knownQueues.forget(queue);
  else if (reply.ok && verb !== "receive") knownQueues.add(queue);
  return reply;
}

/**
 * Whether a queue exists, or did a moment ago. It is in the directory before anything of it is stored, so every acknowledged
 * queue is found.
 *
 * @throws {ProblemError} if the directory cannot be reached
 */
export async function isKnown(env: ServerEnv, queue: string): Promise<boolean> {
  const { knownQueues } = env.server.isolate;
  if (knownQueues.has(queue)) return true;
  const entry = await callObject(env, undefined, () => directoryOf(env).find(queue));
  if (entry !== null) knownQueues.add(queue);
  return entry !== null;
}

function ask(env: ServerEnv, { queue, verb, request, context, signal }: QueueRequest): Promise<Reply> {
  const object = queueOf(env, queue);
  const versioned = { ...context, version: API_VERSION };
  if (signal === undefined || !mayWait(verb, request)) return object.ask(verb, request, versioned);
  return askAndWait(object, verb, { request, context: versioned, signal });
}

/** Whether a request may wait. Its text is not parsed for that: without this word in it, it does not. */
function mayWait(verb: Verb, request: unknown): boolean {
  return VERBS[verb].mayWait && (typeof request !== "string" || request.includes("timeoutSeconds"));
}

/** The reply that the object of a queue that does not exist would give; undefined for a receive that waits for it. */
function replyIfUnknown({ queue, verb, request, context }: QueueRequest): Reply | undefined {
  const command = commandOf(verb, request, { queue, ...context, now: Date.now() });
  if (command.verb === "receive" && command.timeoutMs > 0) return undefined;
  const result: Result = command.verb === "receive" ? { verb: "receive", deliveries: [] } : unknownQueue();
  return replyOf(verb, result, infoWithoutStorage(queue));
}
