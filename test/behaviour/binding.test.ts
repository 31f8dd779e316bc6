/** A Worker that has the binding of the queues calls the objects by the typed method of each verb. */
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { OWNER } from "../../src/api/keys/principal.ts";
import type { AskContext, VerbCalls } from "../../src/api/object-calls.ts";
import { type Env, queueOf } from "../../src/env.ts";
import { bodiesOf, freshQueue, nameOf, pass, put, receive } from "../support/call.ts";
import { repliedTo } from "../support/replies.ts";
import { behaviours } from "./behaviours.ts";
import { CurrentQueues } from "./current-queues.ts";
import { type Driver, type Level, Refused } from "./drivers/driver.ts";
import { jsonDriver } from "./drivers/json-driver.ts";

/** The calls of an object, with the request of any verb. */
type AnyCalls = { [Verb in keyof VerbCalls]: (request: unknown, context: AskContext) => ReturnType<VerbCalls[Verb]> };

function callsOf(queue: string): VerbCalls {
  return queueOf(env as unknown as Env, nameOf(queue));
}

const current = new CurrentQueues();
const level: Level = {
  queue() {
    const queue = freshQueue();
    const calls: Partial<Record<string, AnyCalls[keyof AnyCalls]>> = callsOf(queue) as AnyCalls;
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

test("a typed call is answered with the reply of its verb, or with the problem", async () => {
  const calls = callsOf(freshQueue());

  const put = await calls.put({ messages: [{ body: "item", priority: 7 }] }, { principal: OWNER });
  const [id = ""] = put.ok ? put.reply.ids : [];
  const view = await calls.peek({ id }, { principal: OWNER });
  const refused = await calls.put({ messages: [] }, { principal: OWNER });
  const forbidden = await calls.peek({ id }, { principal: { ...OWNER, scopes: ["put"] } });

  expect(view).toMatchObject({ ok: true, reply: { id, body: "item", priority: 7, state: "visible" } });
  expect(refused).toMatchObject({ ok: false, problem: { code: "invalid", status: 400 } });
  expect(forbidden).toMatchObject({ ok: false, problem: { code: "forbidden", status: 403 } });
});

test.each([
  ["a function", () => "called"],
  ["a BigInt", { count: 10n }],
  ["an object within itself", withinItself()],
])("%s as a body is refused and changes nothing", async (_, body) => {
  const queue = freshQueue();
  const calls = callsOf(queue);
  const [id = ""] = await put(queue, ["old"]);

  const refused = await calls.put({ messages: [{ body: "first" }, { body }] }, { principal: OWNER });
  const changed = await calls.change({ id, body }, { principal: OWNER });

  const detail = (path: string) => `${path} must be a value that JSON can hold.`;
  expect(refused).toMatchObject({ ok: false, problem: { code: "invalid", detail: detail("messages[1].body") } });
  expect(changed).toMatchObject({ ok: false, problem: { code: "invalid", detail: detail("body") } });
  expect(bodiesOf(await receive(queue, { max: 9 }))).toEqual(["old"]);
});

function withinItself(): object {
  const body: Record<string, unknown> = {};
  body.self = body;
  return body;
}

describe("the binding", () => behaviours(level, () => Date.now() / 1_000));
