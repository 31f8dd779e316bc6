/** Sockets that watch jobs: what they are told, also after the object has left memory. */
import { evictDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import type { JobReply } from "../../src/api/types.ts";
import { call, freshQueue, objectOf, receive } from "../support/call.ts";
import { connect } from "../support/sockets/object-socket.ts";

type Socket = Awaited<ReturnType<typeof connect>>;

/** Puts jobs, and answers with their ids. */
async function putJobs(queue: string, count: number): Promise<string[]> {
  const messages = Array.from({ length: count }, (_, n) => ({ body: n, headers: { "dq-task": "resize" } }));
  return (await call("POST", `${queue}/messages`, { messages })).body.ids;
}

/** Sends a `watch`, and answers with the jobs of its reply. */
async function watch(socket: Socket, ids: string[], events = false): Promise<JobReply[]> {
  socket.say({ id: 1, verb: "watch", request: { ids, events } });
  const { reply } = (await socket.next()) as { reply: { jobs: JobReply[] } };
  return reply.jobs;
}

async function nextJob(socket: Socket): Promise<JobReply> {
  const line = await socket.next();
  expect(line).toHaveProperty("job");
  return line.job as JobReply;
}

async function ackNext(queue: string, result: unknown): Promise<void> {
  const [message] = await receive(queue);
  await call("POST", `${queue}/ack`, { receipts: [message?.receipt], results: [result] });
}

test("a socket is told of the end of each job that it watches, once, with the result", async () => {
  const queue = freshQueue();
  const ids = await putJobs(queue, 2);
  const socket = await connect(queue);

  const shown = await watch(socket, ids);
  await ackNext(queue, { n: 1 });
  const first = await nextJob(socket);
  await ackNext(queue, { n: 2 });
  const second = await nextJob(socket);

  expect(shown.map(({ id, state }) => [id, state])).toEqual(ids.map((id) => [id, "waiting"]));
  expect(first).toMatchObject({ id: ids[0], state: "done", result: { n: 1 }, task: "resize" });
  expect(second).toMatchObject({ id: ids[1], state: "done", result: { n: 2 } });
});

test("a job that has ended, and an id that is not known, are told in the reply", async () => {
  const queue = freshQueue();
  const [done = "", plain = ""] = [
    ...(await putJobs(queue, 1)),
    ...(await call("POST", `${queue}/messages`, { messages: [{ body: 1 }] })).body.ids,
  ];
  await ackNext(queue, 7);
  const [message] = await receive(queue);
  await call("POST", `${queue}/ack`, { receipts: [message?.receipt] });
  const socket = await connect(queue);

  const shown = await watch(socket, [done, plain, "0.never-1-0"]);

  expect(shown).toMatchObject([
    { id: done, state: "done", result: 7 },
    { id: plain, state: "unknown", expired: true },
    { id: "0.never-1-0", state: "unknown", expired: false },
  ]);
});

test("with events a socket is told of the attempts and the progress of a job too", async () => {
  const queue = freshQueue();
  await call("PUT", queue, { retryDelaySeconds: 0 });
  const ids = await putJobs(queue, 1);
  const socket = await connect(queue);
  await watch(socket, ids, true);

  const [message] = await receive(queue);
  const running = await nextJob(socket);
  await call("POST", `${queue}/progress`, { receipt: message?.receipt, progress: 50 });
  const halfway = await nextJob(socket);
  await call("POST", `${queue}/retry`, { receipts: [message?.receipt] });
  const waiting = await nextJob(socket);
  await call("DELETE", `${queue}/messages/${ids[0]}`);
  const cancelled = await nextJob(socket);

  expect(running).toMatchObject({ state: "running", attempts: 1 });
  expect(halfway).toMatchObject({ state: "running", progress: 50 });
  expect(waiting).toMatchObject({ state: "waiting", attempts: 1 });
  expect(cancelled).toMatchObject({ state: "cancelled", attempts: 1 });
});

test("a socket that watches no more is told nothing more", async () => {
  const queue = freshQueue();
  const ids = await putJobs(queue, 1);
  const socket = await connect(queue);
  await watch(socket, ids);
  socket.say({ id: 2, verb: "unwatch", request: { ids } });
  expect(await socket.next()).toEqual({ id: 2, reply: {} });

  await ackNext(queue, 1);
  socket.say({ id: 3, verb: "result", request: { id: ids[0] } });

  expect(await socket.next()).toMatchObject({ id: 3, reply: { state: "done" } });
});

test("a long result is left out, and can be asked for", async () => {
  const queue = freshQueue();
  const [id = ""] = await putJobs(queue, 1);
  const socket = await connect(queue);
  await watch(socket, [id]);
  const long = "x".repeat(300_000);

  await ackNext(queue, long);
  const told = await nextJob(socket);
  socket.say({ id: 2, verb: "result", request: { id } });

  expect(told).toMatchObject({ id, state: "done" });
  expect(told).not.toHaveProperty("result");
  expect(await socket.next()).toMatchObject({ id: 2, reply: { result: long } });
});

test("an object that left memory asks its sockets to watch again, and has kept what ended meanwhile", async () => {
  const queue = freshQueue();
  const ids = await putJobs(queue, 2);
  const socket = await connect(queue);
  await watch(socket, ids);

  await evictDurableObject(objectOf(queue), { webSockets: "hibernate" });
  await ackNext(queue, "while it was away");
  expect(await socket.next()).toEqual({ watch_again: true });
  const shown = await watch(socket, ids);
  await ackNext(queue, "after that");

  expect(shown).toMatchObject([{ state: "done", result: "while it was away" }, { state: "waiting" }]);
  expect(await nextJob(socket)).toMatchObject({ id: ids[1], result: "after that" });
});

test("the deletion of a queue tells its watchers that their jobs are not known any more", async () => {
  const queue = freshQueue();
  const ids = await putJobs(queue, 1);
  const socket = await connect(queue);
  await watch(socket, ids);

  await call("DELETE", queue);

  expect(await nextJob(socket)).toEqual({ id: ids[0], state: "unknown", expired: true });
});
