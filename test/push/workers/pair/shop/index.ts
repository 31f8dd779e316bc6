/** A Worker with queues, whose consumers are in another one. */
import { durableQueue } from "../../../../../src/server.ts";

const queues = durableQueue({ basePath: "/queues", consumers: "CONSUMERS" });

export class QueueObject extends queues.QueueObject {}
export class DirectoryObject extends queues.DirectoryObject {}
export class QueueService extends queues.QueueService {}

export default {
  async fetch(request, env, ctx) {
    return (await queues.fetch(request, env, ctx)) ?? new Response(null, { status: 404 });
  },
} satisfies ExportedHandler;
