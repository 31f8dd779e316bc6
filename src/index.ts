/** The Worker: its default export serves requests, its classes are the Durable Objects named in wrangler.toml. */
import type { Env } from "./env.ts";
import { durableQueue } from "./server.ts";

const queues = durableQueue<Env>();

export class QueueObject extends queues.QueueObject {}
export class DirectoryObject extends queues.DirectoryObject {}

export default { fetch: queues.fetch } satisfies ExportedHandler<Env>;
