import { waitUntil } from "cloudflare:workers";
import { type Context, Hono } from "hono";
import * as z from "zod";
import { check } from "../api/check/check.ts";
import { ProblemError } from "../api/check/problem-error.ts";
import type { ListedQueue } from "../api/directory-calls.ts";
import { assertGranted, assertScope, listedPrefixes } from "../api/keys/authorize.ts";
import { listedJson } from "../api/listed-queue.ts";
import type { QueuesReply } from "../api/types.ts";
import { CALL_VERBS, VERBS, type Verb } from "../api/verbs/index.ts";
import { endpointOf } from "../contract/endpoints.ts";
import { LIST_LIMIT_DEFAULT, LIST_LIMIT_MAX } from "../contract/limits.ts";
import { directoryOf, type Env } from "../env.ts";
import { isOfAnotherVersion } from "../object/out-of-reach.ts";
import { callObject } from "./call-object.ts";
import { jsonResponse } from "./json-response.ts";
import { openSocket } from "./open-socket.ts";
import { performRequest } from "./perform.ts";
import { bodyOf, idempotencyKeyOf, queueNameOf, textWithPlace, withPlace } from "./request.ts";
import type { Served } from "./served.ts";

const queuesQuery = z.strictObject({
  prefix: z.string().max(128).default(""),
  /** The `cursor` of the page before. */
  cursor: z.string().max(128).default(""),
  limit: z.coerce.number().int().min(1).max(LIST_LIMIT_MAX).default(LIST_LIMIT_DEFAULT),
});

export const queues = new Hono<Served>();

queues.get("/", async (c) => {
  const principal = c.get("principal");
  assertScope(principal, "read");
  const { prefix, cursor, limit } = check(queuesQuery, c.req.query());
  const found: ListedQueue[] = [];
  for (const listed of listedPrefixes(principal, prefix, cursor)) {
    if (found.length > limit) break;
    const most = limit + 1 - found.length;
    found.push(...(await callObject(c.env, undefined, () => listOf(c.env, listed, cursor, most))));
  }
  const page = found.slice(0, limit).map(listedJson);
  const next = found.length > limit ? page.at(-1)?.name : undefined;
  return c.json({ queues: page, cursor: next ?? null } satisfies QueuesReply);
});

async function listOf(env: Env, prefix: string, cursor: string, limit: number): Promise<ListedQueue[]> {
  try {
    return await directoryOf(env).listReports(prefix, cursor, limit);
  } catch (error) {
    // While a deployment goes on, the directory may be of a version that knows names alone.
    if (!isOfAnotherVersion(error)) throw error;
    const names = await directoryOf(env).list(prefix, cursor, limit);
    return names.map((name) => ({ name, report: null }));
  }
}

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
