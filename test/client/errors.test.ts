/** What errors say: their codes, whether trying again helps, what they are about, and whose line caused them. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PROBLEMS, type ProblemCode } from "../../src/contract/problems.ts";
import { withCaller } from "../../worker-client/src/base/errors.ts";
import { errorOf } from "../../worker-client/src/base/problem-errors.ts";
import { Empty, QueueError, QueueManager, Unavailable, UnknownQueue } from "../../worker-client/src/index.ts";
import { StrangeServer } from "../support/http/strange-server.ts";
import { freshName, TestServer } from "../support/server.ts";

const server = new TestServer();
beforeAll(() => server.start());
afterAll(() => server.remove());

const PLACE = { address: "http://queue.test", queue: "tasks" };

describe("the error of a problem", () => {
  test.each(Object.entries(PROBLEMS))("%s has its code, its status and its queue", (code, { status, title }) => {
    const error = errorOf({ type: "", title, status, code: code as ProblemCode, detail: "It is so." }, PLACE);

    expect(error).toBeInstanceOf(QueueError);
    expect(error).toMatchObject({ code, status, queue: "tasks" });
    expect(error.message).toMatch(code === "unauthorized" ? /queue\.test.*DURABLE_QUEUE_AUTHKEY/ : /tasks/);
  });

  test.each([
    ...(["full", "paused", "storage_full", "overloaded", "unavailable", "internal"] as const).map((code) => [
      code,
      true,
    ]),
    ...(["invalid", "unauthorized", "shut_down", "unknown_queue", "damaged"] as const).map((code) => [code, false]),
  ] as [ProblemCode, boolean][])("%s says whether the same call may succeed later: %s", (code, retryable) => {
    const { status, title } = PROBLEMS[code];

    expect(errorOf({ type: "", title, status, code, detail: "It is so." }, PLACE)).toMatchObject({ retryable });
  });
});

describe.each(["websocket", "http"] as const)("over %s", (transport) => {
  test("a queue that does not exist is named", async () => {
    const queue = server.manager({ transport }).queue(freshName());

    const refusal = queue.describe();

    await expect(refusal).rejects.toThrow(UnknownQueue);
    await expect(refusal).rejects.toMatchObject({
      code: "unknown_queue",
      status: 404,
      retryable: false,
      queue: queue.name,
    });
    await expect(refusal).rejects.toThrow(`The queue ${queue.name} does not exist`);
  });

  test("an empty queue is named, and worth another try", async () => {
    const queue = server.manager({ transport }).queue(freshName());

    const refusal = queue.getNowait();

    await expect(refusal).rejects.toThrow(Empty);
    await expect(refusal).rejects.toMatchObject({
      code: "empty",
      status: undefined,
      retryable: true,
      queue: queue.name,
    });
  });

  test("a wrong authkey is said with the address and the variable, to each caller in an error of its own", async () => {
    const queue = server.manager({ transport, authkey: "wrong" }).queue(freshName());

    const [one, other] = await Promise.allSettled([queue.put(1), queue.put(2)]);

    expect(one).toMatchObject({ reason: { code: "unauthorized", status: 401, message: expect.any(String) } });
    const { message } = (one as PromiseRejectedResult).reason as QueueError;
    expect(message).toContain(server.address);
    expect(message).toContain("DURABLE_QUEUE_AUTHKEY");
    expect((one as PromiseRejectedResult).reason).not.toBe((other as PromiseRejectedResult).reason);
  });

  test("a call that cannot be sent says so, why, and no time that is none", async () => {
    const closed = await StrangeServer.start({});
    const { address } = closed;
    await closed.stop();
    const queue = new QueueManager({ address, authkey: "key", transport, retrySeconds: 0 }).queue("tasks");

    const refusal = queue.purge();

    await expect(refusal).rejects.toThrow(Unavailable);
    await expect(refusal).rejects.toThrow("ECONNREFUSED");
    await expect(refusal).rejects.toThrow("This was not sent. Queue: tasks.");
    await expect(refusal).rejects.not.toThrow("0.0 seconds");
  });

  test("a call that was sent and not answered says that it is not known to be applied", async () => {
    const cutting = await StrangeServer.start({
      socket: (socket) => socket.on("message", () => socket.terminate()),
      request: (_, response) => response.destroy(),
    });
    const queue = new QueueManager({ address: cutting.address, authkey: "key", transport, retrySeconds: 0 }).queue(
      "tasks",
    );

    await expect(queue.purge()).rejects.toThrow("It is not known whether this was applied.");
    await cutting.stop();
  });
});

describe("the stack of an error that a connection brought", () => {
  async function call(): Promise<never> {
    try {
      await new Promise((_, fail) => setImmediate(() => fail(new QueueError("It is so.", { code: "full" }))));
    } catch (error) {
      throw withCaller(error);
    }
    throw new Error("It did not fail.");
  }

  test("has the line of the program that waits for the call", async () => {
    async function program(): Promise<void> {
      await call();
    }

    const error: Error = await program().catch((reason) => reason);

    expect(error.stack).toMatch(/at (async )?program .*errors\.test\.ts/);
  });

  test("has it once, however often it passes by", async () => {
    async function program(): Promise<void> {
      try {
        await call();
      } catch (error) {
        throw withCaller(error);
      }
    }

    const error: Error = await program().catch((reason) => reason);

    expect(error.stack?.match(/at (async )?program /g)).toHaveLength(1);
  });

  test("is left alone where something else was thrown", () => {
    expect(withCaller("text")).toBe("text");
    expect(withCaller(undefined)).toBe(undefined);
  });
});
