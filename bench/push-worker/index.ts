/** One Worker with both: a queue of Cloudflare, and one of ours. Both push to the same handler, which acks all. */
import { consumers, durableQueue } from "../../src/server.ts";

interface Env {
  CLOUDFLARE: Queue<string>;
}

const queues = durableQueue<Env>({ consumers: "Consumers" });

export class QueueObject extends queues.QueueObject {}
export class DirectoryObject extends queues.DirectoryObject {}

const OURS = "durable-queue";
/** The most that Cloudflare Queues has in a batch. */
const BATCH_SIZE = 100;
/** Bodies of 100 bytes, as in the other scenarios. */
const BODY = "x".repeat(78);
/** How many batches are put at the same time. */
const UNDER_WAY = 8;

/** How often it is looked whether all messages are handled, in milliseconds. */
const LOOK_MS = 5;

/** What the handler has seen: a call of the Worker and a call of its handler share nothing else. */
const seen: { left: number; lastAt: number; tookMs: number[] } = { left: 0, lastAt: 0, tookMs: [] };

/** Bodies begin with when they were put. */
async function queue(batch: MessageBatch): Promise<void> {
  batch.ackAll();
  const now = performance.now();
  for (const { body } of batch.messages) seen.tookMs.push(now - Number(String(body).slice(0, TIME_CHARACTERS)));
  seen.left -= batch.messages.length;
  if (seen.left === 0) seen.lastAt = now;
}

const TIME_CHARACTERS = 20;
const bodyNow = () => String(performance.now()).padEnd(TIME_CHARACTERS) + BODY;

export class Consumers extends consumers<Env>({ [OURS]: { batchSize: BATCH_SIZE, queue } }) {}

/** Puts so many messages, by binding. */
type Put = (messages: number) => Promise<unknown>;

function putOf(name: string, env: Env, ctx: ExecutionContext): Put {
  const bodies = (count: number) => Array.from({ length: count }, bodyNow);
  if (name !== OURS) return (count) => env.CLOUDFLARE.sendBatch(bodies(count).map((body) => ({ body })));
  const ours = queues.of(env, ctx).queue<string>(OURS);
  return (count) => ours.putMany(bodies(count));
}

function expectMessages(count: number): void {
  Object.assign(seen, { left: count, lastAt: 0, tookMs: [] });
}

async function untilHandled(): Promise<void> {
  while (seen.left > 0) await scheduler.wait(LOOK_MS);
}

/** Puts messages in batches. How many milliseconds it took until the last handler began. */
async function throughput(put: Put, messages: number): Promise<number> {
  expectMessages(messages);
  const startedAt = performance.now();
  let toPut = messages / BATCH_SIZE;
  const producer = async () => {
    while (toPut > 0) {
      toPut -= 1;
      await put(BATCH_SIZE);
    }
  };
  await Promise.all(Array.from({ length: UNDER_WAY }, producer));
  await untilHandled();
  return seen.lastAt - startedAt;
}

/**
 * Puts one message after the other. How many milliseconds each took from the call of put until its handler began.
 *
 * @param gapMs how long after a put and its confirmation the next message is put, in milliseconds
 */
async function loneMessages(put: Put, messages: number, gapMs: number): Promise<number[]> {
  expectMessages(messages);
  for (let message = 0; message < messages; message += 1) {
    await put(1);
    await scheduler.wait(gapMs);
  }
  await untilHandled();
  return seen.tookMs;
}

export default {
  /** `GET /push/<queue>?messages=…`, `GET /lone-push/<queue>?messages=…&gapMs=…`, and `GET /rows`. */
  async fetch(request, env, ctx) {
    const { pathname, searchParams } = new URL(request.url);
    const [, what = "", name = ""] = pathname.split("/");
    if (what === "rows") return Response.json((await queues.of(env, ctx).queue(OURS).describe()).rowsWritten);
    const messages = Number(searchParams.get("messages"));
    const put = putOf(name, env, ctx);
    if (what === "push") return Response.json(await throughput(put, messages));
    return Response.json(await loneMessages(put, messages, Number(searchParams.get("gapMs"))));
  },
  queue,
} satisfies ExportedHandler<Env>;
