import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

const PROGRAM = `
import { NotWaiting, QueueManager, type ChangeOptions, type Message, type MessageView } from "durable-queue";
import { MemoryManager } from "durable-queue/memory";
import { asCompleted, gather, type Job } from "durable-queue";
import { defineTasks, task } from "durable-queue/tasks";
import { verifyWebhook, type WebhookBatch } from "durable-queue/webhooks";
await using manager = new QueueManager({ name: "typed" });
const queue = manager.queue<number>("typed");
const messages: Message<number>[] = await queue.receive({ max: 2 });
const item: number = await queue.get();
await using worker = queue.work((message) => message.item + 1, { concurrency: 2 });
// @ts-expect-error A queue of numbers takes no text.
await queue.put("text");
await queue.put(1, { headers: { trace: "a" }, maxAttempts: 3, dedupeKey: "a", dedupeUntil: "done" });
const changes: ChangeOptions<number> = { item: 2, priority: 1, headers: {} };
const view: MessageView<number> = await queue.change("id", changes);
const { order, maxSize, consumers } = await queue.configure({ order: "lifo", maxSize: 5 });
// @ts-expect-error An order that there is not.
await queue.configure({ order: "random" });
const secret: string | undefined = (await queue.configure({ push: { url: "https://example.com", batchSize: 2 } })).push?.secret;
const pushed: WebhookBatch<number> = await verifyWebhook<number>(secret ?? "", { "webhook-id": "a" }, "{}");
await using memory = new MemoryManager({ time: "virtual" });
const inMemory: typeof queue = memory.queue<number>("typed");
const tasks = defineTasks("images", { resize: task({ run: async (input: { url: string }) => ({ at: new Date(), ...input }) }) });
const client = manager.tasks<typeof tasks>("images");
const job: Job<{ at: string; url: string }> = await client.resize.submit({ url: "a" }, { priority: 1 });
// @ts-expect-error A task takes its own input.
await client.resize.submit({ uri: "a" });
const [{ at }] = await gather([job] as const, { timeoutSeconds: 1 });
for await (const each of asCompleted([job])) console.log((await each.status()).finishedAt?.getTime(), at.length);
manager.work(tasks, { concurrency: 2 });
export { inMemory, item, pushed, messages, worker, view, order, maxSize, consumers, NotWaiting };
`;

/** The Worker of a user. Its types come from the package of Cloudflare. */
const WORKER = `
import { DurableObject } from "cloudflare:workers";
import type { Queue } from "durable-queue";
import { queuesMiddleware } from "durable-queue/hono";
import { type BindingManager, type ConsumerBatch, consumers, durableQueue, fromService } from "durable-queue/server";
import { defineTasks, task } from "durable-queue/tasks";
import { Hono } from "hono";
interface Env { AUTHKEY: string; QUEUES: Fetcher }
const queues = durableQueue<Env>({ basePath: "/queues", authorize: () => ({ name: "all", scopes: ["read"] }) });
// @ts-expect-error An option that there is not.
durableQueue({ base: "/queues" });
export class QueueObject extends queues.QueueObject {}
export class DirectoryObject extends queues.DirectoryObject {}
export class QueueService extends queues.QueueService {}
const tasks = defineTasks("images", { resize: task({ run: async (input: { url: string }) => input.url.length }) });
interface Email { to: string }
export class Consumers extends consumers<Env>({
  cloudflare: { queue(batch: MessageBatch<Email>, env, ctx) { ctx.waitUntil(env.QUEUES.fetch(batch.messages[0]?.body.to ?? "")); } },
  own: { batchSize: 5, async queue(batch: ConsumerBatch<Email>) { for (const message of batch.messages) message.reject(message.body.to); } },
  untyped: { queue(batch) { const body: unknown = batch.messages[0]?.body; batch.retryAll({ delaySeconds: 1 }); return body; } },
  images: { tasks, concurrency: 2 },
  // @ts-expect-error An option that there is not.
  misspelt: { batchsize: 3, queue() {} },
  // @ts-expect-error No handler.
  none: { batchSize: 3 },
  // @ts-expect-error A handler with another name.
  handled: { consume(batch: MessageBatch<Email>) { batch.ackAll(); } },
  // @ts-expect-error Tasks and a handler.
  both: { tasks, queue() {} },
  // @ts-expect-error What the Worker is not given.
  given: { queue(batch, env) { return env.MAILER; } },
  // @ts-expect-error A delay that is no option.
  delayed: { queue(batch) { batch.retryAll(30); } },
}) {}
// @ts-expect-error The class in place of its name.
durableQueue<Env>({ consumers: Consumers });
export class Cart extends DurableObject<Env> {
  readonly #queues: BindingManager = queues.of(this.env, this.ctx);
  async buy(): Promise<string> { return this.#queues.queue<{ to: string }>("emails").put({ to: "a" }, { delaySeconds: 60 }); }
}
export const app = new Hono<{ Bindings: Env }>().use("/queues/*", queuesMiddleware(queues));
app.post("/emails", async (c) => c.text(await queues.of(c.env, c.executionCtx).queue("emails").put(1)));
export default {
  async fetch(request, env, ctx) {
    const numbers: Queue<number> = fromService(env.QUEUES).queue<number>("numbers");
    // @ts-expect-error A queue of numbers takes no text.
    await numbers.put("text");
    // @ts-expect-error A field that the item has not.
    await queues.of(env, ctx).queue<Email>("emails").put({ too: "a" });
    const job = await queues.of(env, ctx).tasks(tasks).resize.submit({ url: "a" });
    const length: number = await job.result({ timeoutSeconds: 5 });
    for await (const name of queues.of(env, ctx).queueNames({ prefix: "a" })) console.log(name, length);
    return (await queues.fetch(request, env, ctx)) ?? new Response(null, { status: 404 });
  },
  async scheduled(controller, env, ctx) { await queues.of(env, ctx).queue("daily").put(controller.scheduledTime); },
} satisfies ExportedHandler<Env>;
`;

/** How a program is checked. */
interface Check {
  /** TypeScript's option `module`. */
  module: string;
  /** TypeScript's option `moduleResolution`. */
  resolution: string;
  /** The compiler. Default: this repository's. */
  tsc?: string;
}

/**
 * Lets TypeScript check a program against the declarations of the package that is installed in a project, with no other
 * types than those that its project has: none.
 *
 * @throws {Error} with what TypeScript says
 */
export function checkTypedProgram(project: string, how: Check): void {
  compile(project, "program.mts", PROGRAM, [], how);
}

/**
 * The same for a Worker that is a server, in a project that has `@cloudflare/workers-types`.
 *
 * @throws {Error} with what TypeScript says
 */
export function checkTypedWorker(project: string, how: Check): void {
  // Not with the types of browsers, which those contradict.
  compile(project, "worker.mts", WORKER, ["--types", "@cloudflare/workers-types", "--lib", "esnext"], how);
}

function compile(project: string, file: string, program: string, types: string[], how: Check): void {
  writeFileSync(join(project, file), program);
  const own = join(import.meta.dirname, "../../node_modules/typescript/bin/tsc");
  const options = ["--noEmit", "--strict", "--target", "es2022", ...types];
  const resolution = ["--module", how.module, "--moduleResolution", how.resolution];
  try {
    execFileSync(process.execPath, [how.tsc ?? own, ...options, ...resolution, file], {
      cwd: project,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  } catch (error) {
    throw new Error((error as { stdout: string }).stdout);
  }
}
