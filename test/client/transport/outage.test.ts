/** What a worker prints, or gives its onError, while its server is away and when it is back. The test moves the time. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { RequestOf } from "../../../src/api/types.ts";
import { type QueueError, Unavailable } from "../../../worker-client/src/base/errors.ts";
import { instant } from "../../../worker-client/src/base/instant.ts";
import { QueueCalls } from "../../../worker-client/src/message/queue-calls.ts";
import type { Outcome, Pushes, Route } from "../../../worker-client/src/transport/call.ts";
import { OutageWatch } from "../../../worker-client/src/transport/outage-watch.ts";
import type { SubscriptionListener } from "../../../worker-client/src/transport/subscription-listener.ts";
import type { WorkOptions } from "../../../worker-client/src/workers/work-options.ts";
import { Worker } from "../../../worker-client/src/workers/worker.ts";

const place = { address: "http://queue.test", queue: "tasks" };

let printed: unknown[][];
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance", "Date"] });
  printed = [];
  vi.spyOn(console, "error").mockImplementation((...words) => printed.push(words));
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function start(route: Partial<Route>, options: WorkOptions = {}): Worker {
  const whole: Route = { place, close: () => undefined, send: () => new Promise(() => undefined), ...route };
  const worker = new Worker(new QueueCalls("tasks", whole), { handler: () => undefined }, options, () => undefined);
  worker.start();
  return worker;
}

describe("a worker to which messages are pushed", () => {
  let listener: SubscriptionListener;
  const pushes: Pushes = {
    isOnHttp: false,
    subscribe: (subscribed) => (listener = subscribed),
    grant: (_: RequestOf<"subscribe">) => true,
    begin: () => undefined,
    unsubscribe: () => undefined,
    restart: () => undefined,
  };

  test("prints that its server is away, and that it is back", async () => {
    start({ pushes });
    const outage = new OutageWatch(place, (error, since) => listener.away(error, since));

    outage.begin(new Error("connect ECONNREFUSED"));
    await vi.advanceTimersByTimeAsync(65_000);
    await vi.advanceTimersByTimeAsync(3_000);
    listener.back();

    const away = "(connect ECONNREFUSED). The worker keeps trying.";
    expect(printed).toEqual([
      ["durable-queue: tasks:", `http://queue.test could not be reached for 5 seconds ${away}`],
      ["durable-queue: tasks:", `http://queue.test could not be reached for 65 seconds ${away}`],
      ["durable-queue: tasks:", "http://queue.test is back after 68 s."],
    ]);
  });

  test("prints nothing of an outage so short that it did not print that it began", async () => {
    start({ pushes });
    const outage = new OutageWatch(place, (error, since) => listener.away(error, since));

    outage.begin(new Error("connect ECONNREFUSED"));
    await vi.advanceTimersByTimeAsync(4_900);
    outage.end();
    listener.back();
    await vi.advanceTimersByTimeAsync(60_000);

    expect(printed).toEqual([]);
  });

  test("gives both to its onError, without a message", () => {
    const told: unknown[][] = [];
    start({ pushes }, { onError: (...words) => told.push(words) });

    listener.away(new Unavailable("away"), instant());
    listener.back();

    expect(told.map(([error, message]) => [(error as QueueError).message, message])).toEqual([
      ["away", undefined],
      ["http://queue.test is back after 0 s.", undefined],
    ]);
    expect(told[1]?.[0]).toMatchObject({ code: "unavailable", queue: "tasks" });
    expect(printed).toEqual([]);
  });
});

test("a worker that asks for messages over HTTP prints that its server is away, and that it is back", async () => {
  let isAway = true;
  const answer = Promise.withResolvers<Outcome<never>>();
  const away = () => Promise.reject(new Unavailable("No server.", { cause: new Error("connect ECONNREFUSED") }));
  const answers = [answer.promise];
  start({ send: () => (isAway ? away() : (answers.shift() ?? new Promise(() => undefined))) });

  await vi.advanceTimersByTimeAsync(9_000);
  isAway = false;
  await vi.advanceTimersByTimeAsync(2_000);
  answer.resolve({ value: { messages: [], leaseSeconds: 30 } as never, isRepeated: false });
  await vi.advanceTimersByTimeAsync(0);

  expect(printed).toEqual([
    [
      "durable-queue: tasks:",
      "http://queue.test could not be reached for 5 seconds (connect ECONNREFUSED). The worker keeps trying.",
    ],
    ["durable-queue: tasks:", "http://queue.test is back after 11 s."],
  ]);
});
