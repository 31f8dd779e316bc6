import { type Reply, replyOf } from "../api/reply.ts";
import { directoryOf, type Env } from "../env.ts";
import { knownQueues } from "../isolate.ts";
import type { Command, Result } from "../queue/base/commands.ts";
import { unknownQueue } from "../queue/refusals.ts";
import { performWait } from "./abandoned-waits.ts";
import { callObject } from "./call-object.ts";

/**
 * Performs a command at its queue's object. A command that neither creates the queue nor waits for it is answered here if
 * the directory does not know the name: an object for a guessed name would cost a database and memory.
 *
 * @param signal is aborted when the client disconnects, as far as the platform reports that
 * @throws {ProblemError} if the object or the directory cannot be reached
 */
export async function performCommand(env: Env, queue: string, command: Command, signal: AbortSignal): Promise<Reply> {
  if (!mayCreateOrWait(command) && !(await isKnown(env, queue))) return unknownReply(queue, command);
  const reply = await callObject(env, queue, () => perform(env, queue, command, signal));
  const isGone = reply.ok ? command.verb === "delete" : reply.code === "unknown_queue";
  // An empty receive does not prove that the queue exists.
  if (isGone) knownQueues.forget(queue);
  else if (reply.ok && command.verb !== "receive") knownQueues.add(queue);
  return reply;
}

/** Whether a command must reach the object although the queue may not exist. */
function mayCreateOrWait(command: Command): boolean {
  switch (command.verb) {
    case "put":
    case "configure":
    case "shutdown":
    case "pause":
      return true;
    case "receive":
      return command.timeoutMs > 0;
    default:
      return false;
  }
}

/** A queue is in the directory before anything of it is stored, so every acknowledged queue is found. */
async function isKnown(env: Env, queue: string): Promise<boolean> {
  if (knownQueues.has(queue)) return true;
  const entry = await callObject(env, undefined, () => directoryOf(env).find(queue));
  if (entry !== null) knownQueues.add(queue);
  return entry !== null;
}

function perform(env: Env, queue: string, command: Command, signal: AbortSignal): Promise<Reply> {
  const object = env.QUEUE.getByName(queue);
  const isWait = "timeoutMs" in command && command.timeoutMs > 0;
  return isWait ? performWait(object, command, signal) : object.perform(command);
}

/** The reply that the object of a queue that does not exist would give. */
function unknownReply(queue: string, { verb }: Command): Reply {
  const result: Result = verb === "receive" ? { verb, deliveries: [] } : unknownQueue();
  return replyOf(result, { name: queue, storageBytes: 0, rowsWritten: 0 });
}
