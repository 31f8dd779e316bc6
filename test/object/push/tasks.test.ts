/** The jobs of a registry, done by a Worker to which the queue pushes them. */
import { expect, test, vi } from "vitest";
import { defineTasks, task } from "../../../worker-client/src/tasks/index.ts";
import { call, descriptionOf, freshQueue, nameOf, pass } from "../../support/call.ts";
import { setConsumer } from "../../support/movable-worker/test-consumers.ts";
import { Gate } from "../../support/push/consumed.ts";

/** A queue whose jobs are done by these handlers. */
function served(handlers: Parameters<typeof defineTasks>[1], options: { batchSize?: number } = {}): string {
  const queue = freshQueue();
  setConsumer(nameOf(queue), { tasks: defineTasks(nameOf(queue), handlers), ...options });
  return queue;
}

async function submit(queue: string, name: string, ...inputs: unknown[]): Promise<string[]> {
  const messages = inputs.map((body) => ({ body, headers: { "dq-task": name } }));
  return (await call("POST", `${queue}/messages`, { messages })).body.ids;
}

const resultOf = async (queue: string, id = "") => (await call("GET", `${queue}/messages/${id}/result`)).body;

test("a job is done by the handler of its task, and its result is kept", async () => {
  const queue = served({ double: task({ run: (input: number) => input * 2 }) }, { batchSize: 10 });

  const ids = await submit(queue, "double", 1, 2, 3);

  await expect.poll(() => descriptionOf(queue)).toMatchObject({ done: 3 });
  const results = await Promise.all(ids.map(async (id) => (await resultOf(queue, id)).result));
  expect(results).toEqual([2, 4, 6]);
});

test("a job whose handler throws is retried, and fails with its error after the last attempt", async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  const queue = served({
    resize: task({
      run: () => {
        throw new TypeError("no image");
      },
    }),
  });
  await call("PUT", queue, { maxAttempts: 2, retryDelaySeconds: 0 });

  const [id] = await submit(queue, "resize", 1);

  await expect
    .poll(() => resultOf(queue, id))
    .toMatchObject({
      ...{ state: "failed", attempts: 2 },
      error: { name: "TypeError", message: "no image" },
    });
});

test("a job that is cancelled while it runs has its signal aborted", async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  const aborted = new Gate();
  const begun = new Gate();
  const queue = served({
    wait: task({
      run: (_: number, { signal }) => {
        begun.open();
        return new Promise((_, reject) => {
          signal.addEventListener("abort", () => {
            aborted.open();
            reject(signal.reason);
          });
        });
      },
    }),
  });
  const [id] = await submit(queue, "wait", 1);
  await begun.opened();

  await call("DELETE", `${queue}/messages/${id}`);

  await aborted.opened();
  await expect.poll(() => resultOf(queue, id)).toMatchObject({ state: "cancelled" });
});

test("the progress of a job is told to those that look at it while it runs", async () => {
  const begun = new Gate();
  const going = new Gate();
  const queue = served({
    upload: task({
      run: async (_: number, { progress }) => {
        progress({ percent: 50 });
        begun.open();
        await going.opened();
        return "done";
      },
    }),
  });
  const [id] = await submit(queue, "upload", 1);
  await begun.opened();

  await expect.poll(() => resultOf(queue, id)).toMatchObject({ state: "running", progress: { percent: 50 } });
  going.open();

  await expect.poll(() => resultOf(queue, id)).toMatchObject({ state: "done", result: "done" });
});

test("a job of a task that is not served waits for another worker, and no attempt is counted", async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  const queue = served({ double: task({ run: (input: number) => input * 2 }) });

  await submit(queue, "resize", 1);
  await pass(5, queue);

  const { messages } = (await call("GET", `${queue}/messages`)).body;
  expect(messages).toMatchObject([{ attempts: 0, state: "delayed" }]);
});

test("the tasks that are served are shown", async () => {
  const queue = served({ double: task({ run: (input: number) => input * 2 }) });

  await submit(queue, "double", 1);

  await expect
    .poll(async () => (await call("GET", `${queue}/tasks`)).body)
    .toMatchObject({ tasks: [{ name: "double" }] });
});
