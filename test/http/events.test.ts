/** A Worker that takes the events of its server. */
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import type { ServerEvent } from "../../src/log.ts";
import type { ServerOptions } from "../../src/options.ts";
import { durableQueue } from "../../src/server.ts";
import { AUTHORIZATION, freshQueue, nameOf } from "../support/call.ts";

afterEach(() => vi.restoreAllMocks());

/** Sends a request whose call of an object fails, and returns the code of the answer. */
async function failOn(queue: string, options: ServerOptions<object>): Promise<string> {
  const error = new Error("the object is away");
  const away = { getByName: () => ({ find: () => Promise.reject(error) }) };
  const request = new Request(`http://queue.test${queue}`, { headers: AUTHORIZATION });
  const context = createExecutionContext();
  const response = await durableQueue(options).fetch(request, { ...env, DIRECTORY: away }, context);
  return (await response?.json<{ code: string }>())?.code ?? "";
}

test("an event is in the console, on a line that begins with its source and its code", async () => {
  const logged = vi.spyOn(console, "error").mockReturnValue();

  expect(await failOn(freshQueue(), {})).toBe("unavailable");

  expect(logged).toHaveBeenCalledExactlyOnceWith(
    "directory: unavailable: a call of the object failed.",
    expect.any(Error),
  );
});

test("a hook takes events in place of the console", async () => {
  const logged = vi.spyOn(console, "error").mockReturnValue();
  const events: ServerEvent[] = [];

  expect(await failOn(freshQueue(), { onEvent: (event) => events.push(event) })).toBe("unavailable");

  expect(events).toEqual([
    {
      ...{ level: "error", source: "directory", code: "unavailable" },
      ...{ message: "a call of the object failed.", error: new Error("the object is away") },
    },
  ]);
  expect(logged).not.toHaveBeenCalled();
});

test("a hook that throws changes no answer, and the event is in the console", async () => {
  const logged = vi.spyOn(console, "error").mockReturnValue();
  const fault = new Error("the log is away");
  const onEvent = () => {
    throw fault;
  };

  expect(await failOn(freshQueue(), { onEvent })).toBe("unavailable");

  expect(logged.mock.calls).toEqual([
    ["directory: unavailable: a call of the object failed.", expect.any(Error)],
    ["server: internal: onEvent failed on the event before this line.", fault],
  ]);
});

test("the events of a queue have its name", async () => {
  const events: ServerEvent[] = [];
  const queues = durableQueue<object>({ onEvent: (event) => events.push(event) });
  const queue = freshQueue();
  const broken = { getByName: () => ({ ask: () => Promise.reject(new Error("the object is away")) }) };
  const init = { method: "PUT", headers: AUTHORIZATION, body: "{}" };

  const request = new Request(`http://queue.test${queue}`, init);
  await queues.fetch(request, { ...env, QUEUE: broken }, createExecutionContext());

  expect(events).toMatchObject([{ source: "queue", queue: nameOf(queue), code: "unavailable" }]);
});
