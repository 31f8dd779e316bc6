/**
 * The Worker: its default export serves requests, its classes are the Durable Objects named in wrangler.toml, and the
 * entrypoint for service bindings of other Workers.
 */
import type { Env } from "./env.ts";
import { queuesWith } from "./factory.ts";
import { IsolateState } from "./isolate.ts";

// Without the queues of its own Worker, which does nothing else.
const queues = queuesWith<Env>({}, new IsolateState());

export class QueueObject extends queues.QueueObject {}
export class DirectoryObject extends queues.DirectoryObject {}
export class QueueService extends queues.QueueService {}

export default {
  async fetch(request, env, ctx) {
    return (await queues.fetch(request, env, ctx)) ?? new Response(null, { status: 404 });
  },
} satisfies ExportedHandler<Env>;
