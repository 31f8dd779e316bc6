/** A Worker that has the binding of the queues calls the objects by the typed method of each verb. */
import { env } from "cloudflare:workers";
import { describe } from "vitest";
import { OWNER } from "../../src/api/keys/principal.ts";
import type { Answer, AskContext } from "../../src/api/object-calls.ts";
import type { CallVerb } from "../../src/api/verbs/index.ts";
import { type Env, queueOf } from "../../src/env.ts";
import { freshQueue, nameOf, pass } from "../support/call.ts";
import { repliedTo } from "../support/replies.ts";
import { behaviours } from "./behaviours.ts";
import { CurrentQueues } from "./current-queues.ts";
import { type Driver, type Level, Refused } from "./driver.ts";
import { jsonDriver } from "./json-driver.ts";

/** The methods of a stub, with the request of any verb. */
type Calls = Record<string, (request: unknown, context: AskContext) => Promise<Answer<CallVerb>>>;

const current = new CurrentQueues();
const level: Level = {
  queue() {
    const queue = freshQueue();
    const calls = queueOf(env as unknown as Env, nameOf(queue)) as unknown as Calls;
    current.add(queue);
    return jsonDriver(nameOf(queue), async (verb, request, key) => {
      const answer = await calls[verb]?.(request, { principal: OWNER, idempotencyKey: key });
      if (answer === undefined) throw new Error(`There is no call ${verb}.`);
      if (!answer.ok) throw new Refused(answer.problem.code, answer.problem.detail);
      return repliedTo(verb, answer.reply);
    });
  },
  pass: (seconds) => pass(seconds, ...current.names),
  arrival,
};

/** Three calls that were made later have been answered then. */
async function arrival(queue: Driver): Promise<void> {
  for (let calls = 0; calls < 3; calls += 1) await queue.describe().catch(() => undefined);
}

describe("the binding", () => behaviours(level, () => Date.now() / 1_000));
