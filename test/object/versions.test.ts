/** While a deployment goes on, Workers and objects of two versions call each other. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, expect, test, vi } from "vitest";
import { OWNER } from "../../src/api/keys/principal.ts";
import { API_VERSION } from "../../src/contract/version.ts";
import { QueueObject } from "../../src/object/queue-object.ts";
import {
  AUTHORIZATION,
  bodiesOf,
  call,
  descriptionOf,
  freshQueue,
  nameOf,
  objectOf,
  pass,
  put,
  receive,
  serve,
} from "../support/call.ts";
import { eventually } from "../support/eventually.ts";

const NEWER = { principal: OWNER, version: API_VERSION + 1 };

const log = vi.spyOn(console, "error").mockReturnValue();
beforeEach(() => log.mockClear());

test("a verb that only a newer Worker knows is answered with both versions, and changes nothing", async () => {
  const queue = freshQueue();
  await put(queue, ["a"]);

  expect(await objectOf(queue).ask("split", { parts: 2 }, NEWER)).toEqual({
    ok: false,
    code: "version_mismatch",
    detail:
      "A deployment is under way: one part of the server has version 2 of the interface, the queue's object version 1, which does not know the verb split. This was not applied; try again in a moment.",
  });
  expect(await objectOf(queue).ask("split", {}, { principal: OWNER })).toMatchObject({ ok: false, code: "invalid" });
  expect(bodiesOf(await receive(queue))).toEqual(["a"]);
});

test("a field that only a newer Worker knows is answered with both versions, and changes nothing", async () => {
  const queue = freshQueue();
  const request = { messages: [{ body: "a", colour: "red" }] };

  expect(await objectOf(queue).ask("put", request, NEWER)).toMatchObject({
    code: "version_mismatch",
    detail: expect.stringContaining("which does not know messages[0].colour is not a field"),
  });
  expect(await objectOf(queue).ask("put", request, { principal: OWNER })).toMatchObject({ code: "invalid" });
  expect((await call("GET", queue)).body.code).toBe("unknown_queue");
});

test("a request that both versions know is served", async () => {
  const queue = freshQueue();

  expect(await objectOf(queue).ask("put", { messages: [{ body: "a" }] }, NEWER)).toMatchObject({ ok: true });
  expect(bodiesOf(await receive(queue))).toEqual(["a"]);
});

test("a request to an object that an older build serves is answered with 503, and may be sent again", async () => {
  const older = { ...env, QUEUE: env.OLDER_QUEUE };
  const body = JSON.stringify({ messages: [{ body: "a" }] });
  const request = new Request(`http://queue.test${freshQueue()}/messages`, {
    ...{ method: "POST", headers: AUTHORIZATION, body },
  });

  const response = await serve(request, older);

  expect(response.status).toBe(503);
  expect(response.headers.get("Retry-After")).toBe("1");
  expect(await response.json()).toMatchObject({
    code: "version_mismatch",
    detail:
      "A deployment is under way: the queue's object runs another version of the server, which does not take this call. This was not applied; try again in a moment.",
  });
});

/** Lets all queues take transfers as an older build would, until the result is restored. */
function olderReceivers() {
  const { receiveTransfer } = QueueObject.prototype;
  return vi.spyOn(QueueObject.prototype, "receiveTransfer").mockImplementation(function (this: QueueObject, transfer) {
    return receiveTransfer.call(this, { ...transfer, version: API_VERSION + 1 });
  });
}

test("messages that a newer queue sends are kept there until this one is newer too, and arrive once", async () => {
  const [tasks, dead] = [freshQueue(), freshQueue()];
  await call("PUT", tasks, { maxAttempts: 1, deadLetterQueue: nameOf(dead) });
  await put(tasks, ["poison"]);
  const older = olderReceivers();
  const [message] = await receive(tasks);
  await call("POST", `${tasks}/retry`, { receipts: [message?.receipt] });
  await eventually(() => expect(older).toHaveBeenCalled());
  expect(await descriptionOf(tasks)).toMatchObject({ transferring: 1, dead: 0 });

  older.mockRestore();
  await pass(10, tasks);

  await eventually(async () => expect(await descriptionOf(tasks)).toMatchObject({ transferring: 0, transferred: 1 }));
  expect(bodiesOf(await receive(dead, { max: 10 }))).toEqual(["poison"]);
});

test("a redrive to a queue of an older build is not said to be unapplied: its messages arrive later, once", async () => {
  const [tasks, other] = [freshQueue(), freshQueue()];
  await put(tasks, ["a", "b"]);
  const leased = await receive(tasks, { max: 2 });
  await call("POST", `${tasks}/reject`, { receipts: leased.map(({ receipt }) => receipt) });
  const older = olderReceivers();

  const reply = await call("POST", `${tasks}/redrive`, { to: nameOf(other), max: 1 });
  older.mockRestore();
  await pass(10, tasks);

  expect(reply.body).toMatchObject({
    code: "unavailable",
    detail: `The queue ${nameOf(other)} did not take the messages: It runs an older version of the server than the queue that sends them. They are sent again.`,
  });
  await eventually(async () => expect(await descriptionOf(tasks)).toMatchObject({ transferred: 1, dead: 1 }));
  expect(bodiesOf(await receive(other, { max: 10 }))).toEqual(["a"]);
});

test("no request of a client leads to what queues say to each other", async () => {
  const queue = freshQueue();
  await put(queue, ["a"]);
  for (const verb of ["receive_transfer", "receiveTransfer", "transfer_result", "perform", "ask", "abandon"]) {
    expect((await call("POST", `${queue}/${verb}`, {})).body.code).toBe("not_found");
    expect(await objectOf(queue).ask(verb, {}, { principal: OWNER })).toMatchObject({ ok: false, code: "invalid" });
  }
  await runInDurableObject(objectOf(queue), async (object) => {
    expect(await object.ask("cancel_wait", { ids: [1] }, { principal: OWNER })).toMatchObject({ code: "invalid" });
  });
});
