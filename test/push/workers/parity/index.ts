/** One consumer behind both: a queue of Cloudflare, and one of ours. */
import { consumers, durableQueue } from "../../../../src/server.ts";
import { consume } from "./consumer.ts";
import type { Task } from "./task.ts";

interface Env {
  CLOUDFLARE: Queue<Task>;
}

const queues = durableQueue<Env>({ basePath: "/queues", consumers: "Consumers" });

export class QueueObject extends queues.QueueObject {}
export class DirectoryObject extends queues.DirectoryObject {}

/** What became of the messages of a queue. */
interface Seen {
  /** The messages of each batch, by their numbers. */
  batches: number[][];
  /** The attempts of each message, in the order in which the consumer saw them. */
  attempts: Record<number, number[]>;
  /** The numbers of the dead letters. */
  dead: number[];
}

const seenByQueue: Record<string, Seen> = {};

/** The queue of dead letters of a queue has its name and this. */
const DEAD = "-dead";

function noted(batch: MessageBatch<Task>): void {
  const name = batch.queue.replace(DEAD, "");
  seenByQueue[name] ??= { batches: [], attempts: {}, dead: [] };
  const seen = seenByQueue[name];
  const numbers = batch.messages.map(({ body }) => body.n);
  if (batch.queue.endsWith(DEAD)) {
    seen.dead.push(...numbers);
    return;
  }
  seen.batches.push(numbers);
  for (const { body, attempts } of batch.messages) {
    seen.attempts[body.n] ??= [];
    seen.attempts[body.n]?.push(attempts);
  }
}

async function queue(batch: MessageBatch<Task>, _env: Env, ctx: ExecutionContext): Promise<void> {
  noted(batch);
  if (!batch.queue.endsWith(DEAD)) await consume(batch, ctx);
}

export class Consumers extends consumers<Env>({ ours: { batchSize: 10, queue }, "ours-dead": { queue } }) {}

export default {
  /**
   * `POST /cloudflare` puts the tasks of a request into Cloudflare's queue. `GET /cloudflare` says how many messages are
   * left in it, and `GET /seen/<queue>` what became of its messages.
   */
  async fetch(request, env, ctx) {
    const { pathname } = new URL(request.url);
    const served = await queues.fetch(request, env, ctx);
    if (served !== null) return served;
    if (pathname !== "/cloudflare") return Response.json(seenByQueue[pathname.slice("/seen/".length)] ?? null);
    if (request.method === "GET") return Response.json((await env.CLOUDFLARE.metrics()).backlogCount);
    const tasks: Task[] = await request.json();
    await env.CLOUDFLARE.sendBatch(tasks.map((body) => ({ body })));
    return new Response(null, { status: 204 });
  },
  queue,
} satisfies ExportedHandler<Env, Task>;
