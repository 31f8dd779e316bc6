import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { REPORT_MS } from "../../src/api/directory-calls.ts";
import type { QueueDescription, QueuesReply, ReceivedMessage, RequestOf } from "../../src/api/types.ts";
import { app } from "../../src/http/app.ts";
import type { QueueObject } from "../../src/object/queue-object.ts";
import type { MovableQueueObject } from "./movable-worker/movable-queue-object.ts";
import { checkReply } from "./replies.ts";

export const AUTHKEY = "the-authkey-of-the-tests";
export const AUTHORIZATION = { Authorization: `Bearer ${AUTHKEY}` };

export interface Reply {
  status: number;
  headers: Headers;
  // Tests look into replies of many shapes; what they expect of one is asserted there.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  body: any;
}

/** A message that was received with a lease. */
export type Leased = ReceivedMessage & { receipt: string; leaseEndsAt: number };

/**
 * Sends a request to the Worker, with the authkey unless other headers are given. Text and bytes are sent as they are.
 * A reply is held to the schema of its verb, or of the list of queues.
 *
 * It goes to the router and not through `exports.default`, whose every call takes longer than the one before it (with
 * pool-workers 0.23: 2 ms at first, 90 ms after a thousand). Tests of the local server go through the whole Worker.
 */
export async function call(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = AUTHORIZATION,
): Promise<Reply> {
  const isRaw = typeof body === "string" || body instanceof Uint8Array || body instanceof ReadableStream;
  const content = body === undefined || isRaw ? body : JSON.stringify(body);
  const init = content === undefined ? { method, headers } : { method, headers, body: content };
  const response = await app.fetch(new Request(`http://queue.test${path}`, init), env);
  const reply: unknown = JSON.parse(await response.text());
  if (response.ok) checkReply(method, path, reply);
  return { status: response.status, headers: response.headers, body: reply };
}

let names = 0;

/** A queue of its own for each test: tests share the storage of their file. */
export function freshQueue(): string {
  names += 1;
  return `/v1/queues/test-${names}`;
}

/**
 * The same, with the alarm set that a queue in use has for the next report of its counts. It is billed as a row, which is
 * one in a minute and no part of what messages cost.
 */
export async function freshQueueInUse(): Promise<string> {
  const queue = freshQueue();
  await runInDurableObject(objectOf(queue), (_, { storage }) => storage.setAlarm(Date.now() + REPORT_MS));
  return queue;
}

export function nameOf(queue: string): string {
  return queue.slice("/v1/queues/".length);
}

/** The object behind a queue, without HTTP in between. */
export function objectOf(queue: string): DurableObjectStub<QueueObject> {
  return env.QUEUE.getByName(nameOf(queue)) as DurableObjectStub<QueueObject>;
}

/** Lets time pass for queues: what is due by then has been done, committed and answered afterwards. */
export async function pass(seconds: number, ...queues: string[]): Promise<void> {
  const objects = queues.map((queue) => objectOf(queue) as unknown as DurableObjectStub<MovableQueueObject>);
  await Promise.all(objects.map((object) => object.pass(seconds * 1_000)));
}

/** Puts one message for each body, under a key if one is given, and answers with their ids. */
export async function put(queue: string, bodies: unknown[], key?: string): Promise<string[]> {
  const headers = key === undefined ? AUTHORIZATION : { ...AUTHORIZATION, "Idempotency-Key": key };
  const reply = await call("POST", `${queue}/messages`, { messages: bodies.map((body) => ({ body })) }, headers);
  return accept(reply, 201).ids;
}

export async function receive(queue: string, request: RequestOf<"receive"> = {}): Promise<Leased[]> {
  return accept(await call("POST", `${queue}/receive`, request), 200).messages;
}

export async function ack(queue: string, messages: Leased[]): Promise<void> {
  accept(await call("POST", `${queue}/ack`, { receipts: receiptsOf(messages) }), 200);
}

export async function descriptionOf(queue: string): Promise<QueueDescription> {
  return accept(await call("GET", queue), 200);
}

/** The queue as the list of queues shows it; undefined if it is not in the list. */
export async function listedQueue(queue: string): Promise<QueuesReply["queues"][number] | undefined> {
  const { queues }: QueuesReply = accept(await call("GET", `/v1/queues?prefix=${nameOf(queue)}`), 200);
  return queues.find(({ name }) => name === nameOf(queue));
}

/** Lets requests that are on their way arrive and wait: three that were sent later have been answered then. */
export async function arrival(queue: string): Promise<void> {
  for (let requests = 0; requests < 3; requests += 1) await call("GET", queue);
}

export function bodiesOf(messages: ReceivedMessage[]): unknown[] {
  return messages.map(({ body }) => body);
}

export function receiptsOf(messages: Leased[]): string[] {
  return messages.map(({ receipt }) => receipt);
}

/** Numbers from 0 up to, not including, `end`: bodies that tell their order. */
export function numbers(end: number): number[] {
  return Array.from({ length: end }, (_, number) => number);
}

function accept({ status, body }: Reply, expected: number): Reply["body"] {
  if (status !== expected) throw new Error(`The server answered ${status}: ${JSON.stringify(body)}`);
  return body;
}
