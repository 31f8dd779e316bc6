import { waitUntil } from "cloudflare:workers";
import { type Context, Hono } from "hono";
import type * as z from "zod";
import { check } from "../api/check.ts";
import { ProblemError } from "../api/problem-error.ts";
import { VERBS } from "../api/verbs.ts";
import { ENDPOINTS, type Verb } from "../contract/endpoints.ts";
import { queuesQuery } from "../contract/schema/queues.ts";
import { directoryOf, type Env } from "../env.ts";
import { callObject } from "./call-object.ts";
import { jsonResponse } from "./json-response.ts";
import { openSocket } from "./open-socket.ts";
import { performCommand } from "./perform.ts";
import { bodyOf, idempotencyKeyOf, queueNameOf } from "./request.ts";

type Endpoint = (typeof ENDPOINTS)[Verb];

export const queues = new Hono<{ Bindings: Env }>();

queues.get("/", async (c) => {
  const { prefix, cursor, limit }: z.output<typeof queuesQuery> = check(queuesQuery, c.req.query());
  const names = await callObject(c.env, undefined, () => directoryOf(c.env).list(prefix, cursor, limit + 1));
  const page = names.slice(0, limit);
  return c.json({ queues: page.map((name) => ({ name })), cursor: names.length > limit ? page.at(-1) : null });
});

for (const [verb, { method, path }] of Object.entries(ENDPOINTS) as [Verb, Endpoint][]) {
  queues.on(method, `/:queue${path}`, async (c) => {
    const hasBody = method === "POST" || method === "PUT";
    const { queue: _, ...place } = c.req.param();
    if (!hasBody) return ask(c, verb, { ...c.req.query(), ...place });
    const body = await bodyOf(c);
    const answered = ask(c, verb, body.value).finally(body.release);
    // Without it the platform would drop the promise, and never release the body, if the client goes away.
    waitUntil(answered.catch(() => undefined));
    return answered;
  });
}
queues.get("/:queue/socket", (c) => openSocket(c, queueNameOf(c)));

/** The name is checked before its object is called: each name that is written to is a database that is billed. */
async function ask(c: Context<{ Bindings: Env }>, verb: Verb, request: unknown): Promise<Response> {
  const queue = queueNameOf(c);
  const command = VERBS[verb](request, { queue, idempotencyKey: idempotencyKeyOf(c), now: Date.now() });
  const reply = await performCommand(c.env, queue, command, c.req.raw.signal);
  if (reply.ok) return jsonResponse(reply.json, verb === "put" ? 201 : 200);
  const { code, detail, path } = reply;
  throw new ProblemError(code, detail, path === undefined ? undefined : [{ path, message: detail }]);
}
