import { waitUntil } from "cloudflare:workers";
import { type Context, Hono } from "hono";
import { ProblemError } from "../api/check/problem-error.ts";
import { assertGranted } from "../api/keys/authorize.ts";
import { CALL_VERBS, VERBS, type Verb } from "../api/verbs/index.ts";
import { listQueues } from "../calls/list-queues.ts";
import { performRequest } from "../calls/perform.ts";
import { endpointOf } from "../contract/endpoints.ts";
import { jsonResponse } from "./json-response.ts";
import { openSocket } from "./open-socket.ts";
import { bodyOf, idempotencyKeyOf, queueNameOf, textWithPlace, withPlace } from "./request.ts";
import type { Served } from "./served.ts";

export const queues = new Hono<Served>();

queues.get("/", async (c) => c.json(await listQueues(c.env, c.get("principal"), c.req.query())));

for (const verb of CALL_VERBS) {
  const { method, path } = endpointOf(verb);
  const hasBody = method !== "GET" && method !== "DELETE";
  queues.on(method, `/:queue${path}`, async (c) => {
    const queue = queueNameOf(c);
    // Before anything of the request is read, or anything of the queue is touched.
    assertGranted(c.get("principal"), VERBS[verb].scope, queue);
    const { queue: _, ...place } = c.req.param();
    if (!hasBody) return ask(c, queue, verb, withPlace(c.req.query(), place));
    const body = await bodyOf(c);
    const isPlaced = Object.keys(place).length > 0;
    const request = isPlaced ? () => textWithPlace(body.text, place) : () => body.text;
    const answered = ask(c, queue, verb, request).finally(body.release);
    // Without it the platform would drop the promise, and never release the body, if the client goes away.
    waitUntil(answered.catch(() => undefined));
    return answered;
  });
}
queues.get("/:queue/socket", (c) => openSocket(c, queueNameOf(c)));

async function ask(c: Context<Served>, queue: string, verb: Verb, request: unknown): Promise<Response> {
  const context = { principal: c.get("principal"), idempotencyKey: idempotencyKeyOf(c) };
  const asked = typeof request === "function" ? request() : request;
  const reply = await performRequest(c.env, { queue, verb, request: asked, context, signal: c.req.raw.signal });
  if (reply.ok) return jsonResponse(reply.json, VERBS[verb].status, c.env.server.isolate.replyBytes);
  throw new ProblemError(reply.code, reply.detail, reply.errors, reply.expired);
}
