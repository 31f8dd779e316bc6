/** The Worker: its default export serves requests, its classes are the Durable Objects named in wrangler.toml. */
import type { Env } from "./env.ts";
import { durableQueue } from "./server.ts";

const queues = durableQueue<Env>();

export class QueueObject extends queues.QueueObject {}
export class DirectoryObject extends queues.DirectoryObject {}

export default {
  async fetch(request, env, ctx) {
    return (await queues.fetch(request, env, ctx)) ?? new Response(null, { status: 404 });
  },
} satisfies ExportedHandler<Env>;
