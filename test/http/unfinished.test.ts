import { expect, test } from "vitest";
import { ack, arrival, call, freshQueue, inspect, numbers, put, receive } from "../support/call.ts";

test("done counts the unfinished down", async () => {
  const queue = freshQueue();
  await put(queue, numbers(5));
  await receive(queue, { max: 5, autoAck: true });

  const replies = [await call("POST", `${queue}/done`, {}), await call("POST", `${queue}/done`, { count: 3 })];

  expect(replies.map(({ body }) => body)).toEqual([{ unfinished: 4 }, { unfinished: 1 }]);
});

test("done more often than messages are unfinished is refused and counts nothing", async () => {
  const queue = freshQueue();
  await put(queue, numbers(2));

  const reply = await call("POST", `${queue}/done`, { count: 3 });

  expect(reply.status).toBe(409);
  expect(reply.body).toMatchObject({ code: "done_too_often", errors: [{ path: "count" }] });
  expect(await inspect(queue)).toMatchObject({ unfinished: 2 });
});

test("a join is finished at once where nothing is unfinished", async () => {
  const queue = freshQueue();
  await call("PUT", queue, {});

  expect((await call("POST", `${queue}/join`, { timeoutSeconds: 10 })).body).toEqual({ finished: true });
});

test("a join that does not wait says that messages are unfinished", async () => {
  const queue = freshQueue();
  await put(queue, ["a"]);

  expect((await call("POST", `${queue}/join`)).body).toEqual({ finished: false });
});

test("a join whose wait ends is not finished", async () => {
  const queue = freshQueue();
  await put(queue, ["a"]);
  await receive(queue);

  expect((await call("POST", `${queue}/join`, { timeoutSeconds: 0.05 })).body).toEqual({ finished: false });
});

test("a join waits for the ack of the last message", async () => {
  const queue = freshQueue();
  await put(queue, ["a", "b"]);
  const leased = await receive(queue, { max: 2 });

  const joining = call("POST", `${queue}/join`, { timeoutSeconds: 10 });
  await arrival(queue);
  await ack(queue, leased);

  expect((await joining).body).toEqual({ finished: true });
});

test("every join waits for what was taken to be reported done", async () => {
  const queue = freshQueue();
  await put(queue, ["a"]);
  await receive(queue, { autoAck: true });

  const joining = numbers(5).map(() => call("POST", `${queue}/join`, { timeoutSeconds: 10 }));
  await arrival(queue);
  await call("POST", `${queue}/done`);

  expect((await Promise.all(joining)).map(({ body }) => body.finished)).toEqual(Array(5).fill(true));
});

test("a purge finishes a join", async () => {
  const queue = freshQueue();
  await put(queue, ["a"]);

  const joining = call("POST", `${queue}/join`, { timeoutSeconds: 10 });
  await arrival(queue);
  await call("POST", `${queue}/purge`);

  expect((await joining).body).toEqual({ finished: true });
});

test("a join that waits while its queue is deleted is told so", async () => {
  const queue = freshQueue();
  await put(queue, ["a"]);

  const joining = call("POST", `${queue}/join`, { timeoutSeconds: 10 });
  await arrival(queue);
  await call("DELETE", queue);

  expect((await joining).body.code).toBe("unknown_queue");
});
