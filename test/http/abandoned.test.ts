/** A client that leaves while its call waits: the wait ends with it, and what it was handed goes to others. */
import { expect, test } from "vitest";
import {
  AUTHORIZATION,
  arrival,
  bodiesOf,
  call,
  descriptionOf,
  freshQueue,
  put,
  receive,
  serve,
} from "../support/call.ts";

/** A call whose client can go. */
function leavable(path: string, body: object) {
  const client = new AbortController();
  const init = { method: "POST", headers: AUTHORIZATION, body: JSON.stringify(body), signal: client.signal };
  const response = serve(new Request(`http://queue.test${path}`, init));
  return { leave: () => client.abort(), response };
}

test("a receive whose client has disconnected takes no message and costs no attempt", async () => {
  const queue = freshQueue();
  await call("PUT", queue, {});
  const { leave, response } = leavable(`${queue}/receive`, { timeoutSeconds: 20 });
  await arrival(queue);

  leave();
  await response.catch(() => undefined);
  await put(queue, ["a"]);

  expect(await receive(queue)).toMatchObject([{ body: "a", attempt: 1 }]);
});

test("a put whose client has disconnected is not stored when there is room later", async () => {
  const queue = freshQueue();
  await call("PUT", queue, { maxSize: 1 });
  await put(queue, ["a"]);
  const { leave, response } = leavable(`${queue}/messages`, { messages: [{ body: "b" }], timeoutSeconds: 20 });
  await arrival(queue);

  leave();
  await response.catch(() => undefined);

  expect(bodiesOf(await receive(queue))).toEqual(["a"]);
  expect(await descriptionOf(queue)).toMatchObject({ accepted: 1 });
});

test("other calls that wait go on when one client disconnects", async () => {
  const queue = freshQueue();
  await call("PUT", queue, {});
  const { leave, response } = leavable(`${queue}/receive`, { timeoutSeconds: 20 });
  await arrival(queue);
  const other = call("POST", `${queue}/receive`, { timeoutSeconds: 20 });
  await arrival(queue);

  leave();
  await response.catch(() => undefined);
  await put(queue, ["a"]);

  expect(bodiesOf((await other).body.messages)).toEqual(["a"]);
});
