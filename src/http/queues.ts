/** The endpoints of a queue: each checks its request, tells the queue, passes its answer on. */
import { type Context, Hono } from "hono";
import {
  ackRequest,
  configureRequest,
  doneRequest,
  extendRequest,
  joinRequest,
  listQuery,
  messagesQuery,
  pauseRequest,
  purgeRequest,
  putRequest,
  receiveRequest,
  redriveRequest,
  retryRequest,
  shutdownRequest,
} from "../contract/schema.ts";
import { directoryOf, type Env } from "../env.ts";
import type { QueueObject } from "../object/queue-object.ts";
import type { Reply } from "../object/reply.ts";
import type { Command } from "../queue/commands.ts";
import {
  ackCommand,
  configureCommand,
  doneCommand,
  extendCommand,
  joinCommand,
  pauseCommand,
  putCommand,
  receiveCommand,
  retryCommand,
} from "./commands.ts";
import { ProblemError } from "./problem.ts";
import { bodyOf, check, idempotencyKeyOf, queueNameOf } from "./request.ts";

type QueueContext = Context<{ Bindings: Env }>;

export const queues = new Hono<{ Bindings: Env }>();

queues.get("/", async (c) => {
  const { prefix, cursor, limit } = check(listQuery, c.req.query());
  const names = await reach(() => directoryOf(c.env).list(prefix, cursor, limit + 1));
  const page = names.slice(0, limit);
  return c.json({ queues: page.map((name) => ({ name })), cursor: names.length > limit ? page.at(-1) : null });
});

queues.put("/:queue", async (c) => {
  const request = await bodyOf(c, configureRequest);
  assertOther(c, "deadLetterQueue", request.deadLetterQueue);
  return tell(c, configureCommand(request));
});
queues.get("/:queue", async (c) => tell(c, { verb: "inspect" }));
queues.delete("/:queue", async (c) => ask(c, (queue) => queue.delete()));

queues.post("/:queue/messages", async (c) => {
  const key = idempotencyKeyOf(c);
  return tell(c, putCommand(await bodyOf(c, putRequest), key, Date.now()), 201);
});
queues.post("/:queue/receive", async (c) => tell(c, receiveCommand(await bodyOf(c, receiveRequest))));
queues.post("/:queue/ack", async (c) => tell(c, ackCommand(await bodyOf(c, ackRequest))));
queues.post("/:queue/retry", async (c) => tell(c, retryCommand(await bodyOf(c, retryRequest))));
queues.post("/:queue/extend", async (c) => tell(c, extendCommand(await bodyOf(c, extendRequest))));
queues.post("/:queue/done", async (c) => {
  const key = idempotencyKeyOf(c);
  return tell(c, doneCommand(await bodyOf(c, doneRequest), key));
});
queues.post("/:queue/join", async (c) => tell(c, joinCommand(await bodyOf(c, joinRequest))));
queues.get("/:queue/messages", async (c) => tell(c, { verb: "list", ...check(messagesQuery, c.req.query()) }));
queues.get("/:queue/messages/:id", async (c) => tell(c, { verb: "look", id: c.req.param("id") }));
queues.delete("/:queue/messages/:id", async (c) => tell(c, { verb: "cancel", id: c.req.param("id") }));
queues.post("/:queue/redrive", async (c) => {
  const request = await bodyOf(c, redriveRequest);
  assertOther(c, "to", request.to);
  return tell(c, { verb: "redrive", ...request });
});
queues.post("/:queue/purge", async (c) => tell(c, { verb: "purge", ...(await bodyOf(c, purgeRequest)) }));
queues.post("/:queue/shutdown", async (c) => {
  const { immediate } = await bodyOf(c, shutdownRequest);
  return tell(c, { verb: "shutdown", immediate });
});
queues.post("/:queue/pause", async (c) => tell(c, pauseCommand(await bodyOf(c, pauseRequest), true)));
queues.post("/:queue/resume", async (c) => tell(c, pauseCommand(await bodyOf(c, pauseRequest), false)));

/** Nothing can be moved from a queue to itself. */
function assertOther(c: QueueContext, path: string, name: string | null | undefined): void {
  if (name !== queueNameOf(c)) return;
  const message = "must be another queue";
  throw new ProblemError("invalid", `${path} ${message}.`, [{ path, message }]);
}

function tell(c: QueueContext, command: Command, status = 200): Promise<Response> {
  return ask(c, (queue) => queue.perform(command), status);
}

/** The name is checked before an object is touched: each name that is written to is a database that is billed. */
async function ask(
  c: QueueContext,
  question: (queue: DurableObjectStub<QueueObject>) => Promise<Reply>,
  status = 200,
): Promise<Response> {
  const name = queueNameOf(c);
  const reply = await reach(() => question(c.env.QUEUE.getByName(name)));
  if (reply.ok) return new Response(reply.json, { status, headers: { "Content-Type": "application/json" } });
  const { code, detail, path } = reply;
  throw new ProblemError(code, detail, path === undefined ? undefined : [{ path, message: detail }]);
}

/** Calls an object. Where the call fails, nobody knows whether the command was applied, and the answer says so. */
async function reach<Value>(call: () => Promise<Value>): Promise<Value> {
  try {
    return await call();
  } catch (error) {
    console.error(error);
    const isOverloaded = error instanceof Error && "overloaded" in error && error.overloaded === true;
    const detail = "It is not known whether this was applied. Try again, a put under the same Idempotency-Key.";
    throw new ProblemError(isOverloaded ? "overloaded" : "unavailable", detail);
  }
}
