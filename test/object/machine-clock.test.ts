/** A queue's object takes the time from a clock of its own, which tests move: all its waits follow it, and no others. */
import { abortAllDurableObjects, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { expect, test, vi } from "vitest";
import {
  arrival,
  bodiesOf,
  call,
  descriptionOf,
  freshQueue,
  nameOf,
  objectOf,
  pass,
  put,
  receive,
} from "../support/call.ts";
import { duringNextCommit } from "../support/commits.ts";
import { connect } from "../support/sockets/object-socket.ts";

vi.spyOn(console, "error").mockReturnValue();

const HOUR_SECONDS = 3_600;

async function putLater(queue: string, body: unknown, delaySeconds: number): Promise<void> {
  await call("POST", `${queue}/messages`, { messages: [{ body, delaySeconds }] });
}

test("a receive that waits over HTTP is served when a message is due, by the object's own timer", async () => {
  const queue = freshQueue();
  await putLater(queue, "late", 9);

  const waiting = receive(queue, { timeoutSeconds: 20 });
  await arrival(queue);
  await pass(8.5, queue);
  expect(await descriptionOf(queue)).toMatchObject({ delayed: 1, leased: 0 });
  await pass(1, queue);

  expect(bodiesOf(await waiting)).toEqual(["late"]);
});

test("a wait ends when the clock comes to its end", async () => {
  const queue = freshQueue();

  const waiting = receive(queue, { timeoutSeconds: 20 });
  await arrival(queue);
  await pass(20, queue);

  expect(await waiting).toEqual([]);
});

test("a message that is due while all connections wait wakes an object that left memory, and is delivered then", async () => {
  const queue = freshQueue();
  await putLater(queue, "late", HOUR_SECONDS);
  const socket = await connect(queue);
  socket.say({ id: 1, verb: "join", request: { wait: true } });
  socket.say({ id: 2, verb: "receive", request: { wait: true } });
  socket.say({ id: 3, verb: "describe" });
  await socket.next();

  await evictDurableObject(objectOf(queue), { webSockets: "hibernate" });
  await pass(HOUR_SECONDS + 1, queue);

  const lines = [await socket.next(), await socket.next()];
  expect(lines).toContainEqual(expect.objectContaining({ id: 2 }));
  expect(lines.find(({ id }) => id === 2)).toMatchObject({ reply: { messages: [{ body: "late" }] } });
  // It was kept in memory alone: that it is asked for again tells that the object had lost that.
  expect(lines).toContainEqual({ resend: [1] });
});

test("each thing happens at its own time: what is due before a wait ends is served, however far the clock is moved", async () => {
  const queue = freshQueue();
  await putLater(queue, "early", 1);
  await putLater(queue, "late", 15);

  const waiting = receive(queue, { timeoutSeconds: 10, leaseSeconds: 5 });
  await arrival(queue);
  await pass(HOUR_SECONDS, queue);

  expect(bodiesOf(await waiting)).toEqual(["early"]);
});

test("what was due is stored before time has passed, and has reached other queues", async () => {
  const [tasks, dead] = [freshQueue(), freshQueue()];
  await call("PUT", tasks, { maxAttempts: 1, deadLetterQueue: nameOf(dead) });
  await put(tasks, ["poison"]);
  await receive(tasks, { leaseSeconds: 1 });

  await pass(20, tasks);
  await abortAllDurableObjects();

  expect(await descriptionOf(tasks)).toMatchObject({ transferred: 1, transferring: 0, leased: 0 });
  expect(await descriptionOf(dead)).toMatchObject({ visible: 1 });
});

test("an object for which no timer and no alarm is set does nothing while time passes", async () => {
  const queue = freshQueue();
  await put(queue, ["a"]);
  await receive(queue, { leaseSeconds: 1 });
  await evictDurableObject(objectOf(queue));
  // The one that reports the counts.
  await runInDurableObject(objectOf(queue), (_, { storage }) => storage.deleteAlarm());
  let commits = 0;
  await duringNextCommit(objectOf(queue), () => {
    commits += 1;
  });

  await pass(HOUR_SECONDS, queue);

  expect(commits).toBe(0);
  expect(await descriptionOf(queue)).toMatchObject({ leased: 0 });
});

test("a clock that was moved stays so when its object leaves memory, and others are not moved with it", async () => {
  const [moved, other] = [freshQueue(), freshQueue()];
  for (const queue of [moved, other]) await putLater(queue, "late", HOUR_SECONDS);

  await pass(HOUR_SECONDS / 2, moved);
  await evictDurableObject(objectOf(moved));
  await pass(HOUR_SECONDS / 2, moved);
  await abortAllDurableObjects();

  expect([await descriptionOf(moved), await descriptionOf(other)]).toMatchObject([{ visible: 1 }, { delayed: 1 }]);
});
