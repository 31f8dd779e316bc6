/**
 * The Worker as it is, but for a clock in each queue's object that tests move. Only tests serve this: what is deployed,
 * and what `npm start` serves, begins with src/index.ts and has neither the method nor the path.
 */
import type { Env } from "../../../src/env.ts";
import type { MovableQueueObject } from "./movable-queue-object.ts";
import { queues } from "./queues.ts";

export { MovableQueueObject as QueueObject } from "./movable-queue-object.ts";
export { OlderQueueObject } from "./older-queue-object.ts";
export { TestConsumers as Consumers } from "./test-consumers.ts";

export class DirectoryObject extends queues.DirectoryObject {}
export class QueueService extends queues.QueueService {}

/** `POST /pass/<queue>?ms=1100` lets time pass for a queue. It is answered when all is done that is due by then. */
const PASS = /^\/pass\/([^/]+)$/;

export default {
  async fetch(request, env, ctx) {
    const { pathname, searchParams } = new URL(request.url);
    const queue = PASS.exec(pathname)?.[1];
    if (queue === undefined) return (await queues.fetch(request, env, ctx)) ?? new Response(null, { status: 404 });
    const object = env.QUEUE.getByName(queue) as unknown as DurableObjectStub<MovableQueueObject>;
    await object.pass(Number(searchParams.get("ms")));
    return new Response(null, { status: 204 });
  },
} satisfies ExportedHandler<Env>;
