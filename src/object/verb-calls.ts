import { problemOf } from "../api/check/problem-error.ts";
import type { Answer, AskContext, QueueCalls } from "../api/object-calls.ts";
import { CALL_VERBS, type CallVerb } from "../api/verbs/index.ts";

/** Adds the typed call of each verb to the class of an object that takes requests: see `VerbCalls`. */
export function addVerbCalls(prototype: Pick<QueueCalls, "ask">): void {
  for (const verb of CALL_VERBS) {
    Object.defineProperty(prototype, verb, {
      value(this: Pick<QueueCalls, "ask">, request: unknown, context: AskContext): Promise<Answer<CallVerb>> {
        return call(this, verb, request, context);
      },
    });
  }
}

async function call(
  object: Pick<QueueCalls, "ask">,
  verb: CallVerb,
  request: unknown,
  context: AskContext,
): Promise<Answer<CallVerb>> {
  const reply = await object.ask(verb, request, context);
  if (reply.ok) return { ok: true, reply: JSON.parse(reply.json) };
  return { ok: false, problem: problemOf(reply.code, reply.detail, reply) };
}
