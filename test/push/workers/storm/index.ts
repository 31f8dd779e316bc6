/** A Worker whose handlers fail, and whose objects a test can end. */
import { type ConsumerBatch, consumers, durableQueue } from "../../../../src/server.ts";
import { type Body, type Ending, type Note, QUEUES, type QueueName, TIMEOUT_SECONDS } from "./queues.ts";

const printed = console.error;
// What the handlers of the storm throw is expected, and too much to read.
console.error = (...said: unknown[]) => {
  if (!String(said[0]).includes(": the consumer failed on a batch of ")) printed(...said);
};

interface Env {
  QUEUE: DurableObjectNamespace<QueueObject>;
  /** What takes notes, outside of this server. */
  NOTEBOOK: Fetcher;
  SEED: string;
}

const queues = durableQueue<Env>({ consumers: "Consumers" });

export class QueueObject extends queues.QueueObject {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.waitUntil(note(env, { kind: "loaded", queue: ctx.id.name ?? "" }));
  }

  /** Ends this object with all that is in its memory, as the platform does when it moves or updates it. */
  async end(): Promise<void> {
    this.ctx.abort("The test ends this object.");
  }
}

export class DirectoryObject extends queues.DirectoryObject {}

/** How many of a hundred handlers end in which way. */
const ENDINGS: readonly [Ending, number][] = [
  ["throws", 4],
  ["retries", 3],
  ["hangs", 2],
  ["never", 1],
];

/** A handler takes up to this, in milliseconds. */
const WORK_MS_MAX = 20;

const noted: Record<QueueName, { queue(batch: ConsumerBatch, env: Env): Promise<void> }> = {
  plain: { queue: handle },
  groups: { queue: handle },
  filled: { queue: handle },
  idle: { queue: handle },
};

export class Consumers extends consumers<Env>({
  plain: { ...QUEUES.plain, ...noted.plain },
  groups: { ...QUEUES.groups, ...noted.groups },
  filled: { ...QUEUES.filled, ...noted.filled },
  idle: { ...QUEUES.idle, ...noted.idle },
}) {}

async function note(env: Env, taken: Note): Promise<number> {
  const response = await env.NOTEBOOK.fetch("http://notebook/", { method: "POST", body: JSON.stringify(taken) });
  return (await response.json()) as number;
}

/** The same for the same seed, messages and attempts: a number from 0 up to, not including, 100. */
function percentOf(text: string): number {
  let hash = 2_166_136_261;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 16_777_619);
  return (hash >>> 8) % 100;
}

function endingOf(percent: number): Ending {
  let below = 0;
  for (const [ending, share] of ENDINGS) {
    below += share;
    if (percent < below) return ending;
  }
  return "returns";
}

async function handle(batch: ConsumerBatch, env: Env): Promise<void> {
  const messages = batch.messages.map(({ body, attempts, group }) => {
    return { n: (body as Body).n, attempt: attempts, group: group ?? null };
  });
  const percent = percentOf(`${env.SEED} ${JSON.stringify(messages[0])}`);
  const ending = endingOf(percent);
  const handler = await note(env, { kind: "began", queue: batch.queue, ending, messages });
  await scheduler.wait(percent % WORK_MS_MAX);
  const decided: { acked: number[]; retried: number[] } = { acked: [], retried: [] };
  for (const message of batch.messages) {
    const { n, isPoison } = message.body as Body;
    // Of a handler that fails every other message is done before.
    const isAcked = !isPoison && (ending === "returns" || n % 2 === 0);
    (isAcked ? decided.acked : decided.retried).push(n);
    if (isAcked) message.ack();
    else if (ending === "returns") message.retry();
  }
  await note(env, { kind: "decided", handler, ...decided });
  if (ending === "retries") batch.retryAll();
  if (ending === "throws") throw new Error("The storm's handler throws.");
  if (ending === "hangs") await scheduler.wait(TIMEOUT_SECONDS * 2_000);
  if (ending === "never") await new Promise<never>(() => undefined);
}

/** `POST /end/<queue>` ends the object of a queue. */
const END = /^\/end\/([^/]+)$/;

export default {
  async fetch(request, env, ctx) {
    const queue = END.exec(new URL(request.url).pathname)?.[1];
    if (queue === undefined) return (await queues.fetch(request, env, ctx)) ?? new Response(null, { status: 404 });
    // It rejects, because it ends the object that would answer.
    await env.QUEUE.getByName(queue)
      .end()
      .catch(() => undefined);
    return new Response(null, { status: 204 });
  },
} satisfies ExportedHandler<Env>;
