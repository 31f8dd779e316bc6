/** Queues report their counts to the directory, at most once a minute, and once more after their last change. */
import { abortAllDurableObjects, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, type MockInstance, test, vi } from "vitest";
import { REPORT_MS } from "../../src/api/directory-calls.ts";
import { directoryOf } from "../../src/env.ts";
import { DirectoryObject } from "../../src/object/directory-object.ts";
import {
  ack,
  bodiesOf,
  call,
  descriptionOf,
  freshQueue,
  listedQueue,
  nameOf,
  numbers,
  objectOf,
  pass,
  put,
  receive,
} from "../support/call.ts";
import { eventually } from "../support/eventually.ts";
import { interceptStatements } from "../support/storage.ts";

const MINUTE_SECONDS = REPORT_MS / 1_000;
const HOUR_SECONDS = 3_600;

let log: MockInstance<typeof console.error>;
/** How often each queue has called the directory to report. */
const calls = new Map<string, number>();
const { report, listReports } = DirectoryObject.prototype;

beforeEach(() => {
  calls.clear();
  log = vi.spyOn(console, "error").mockReturnValue();
  answerReports((directory, ...args) => report.apply(directory, args));
});

afterEach(() => {
  vi.restoreAllMocks();
  Object.assign(DirectoryObject.prototype, { report, listReports });
});

type Report = typeof report;

function answerReports(answer: (directory: DirectoryObject, ...args: Parameters<Report>) => ReturnType<Report>): void {
  DirectoryObject.prototype.report = function (this: DirectoryObject, ...args) {
    calls.set(args[0], callsOf(args[0]) + 1);
    return answer(this, ...args);
  };
}

function callsOf(name: string): number {
  return calls.get(name) ?? 0;
}

/** Puts a message, receives it and acks it. */
async function oneMessage(queue: string): Promise<void> {
  await put(queue, ["task"]);
  await ack(queue, await receive(queue));
}

/** A queue whose first counts are in the list: one visible message. */
async function listedAtFirst(): Promise<string> {
  const queue = freshQueue();
  await put(queue, ["first"]);
  await eventually(async () => expect(await listedQueue(queue)).toMatchObject({ counts: { visible: 1 } }));
  return queue;
}

async function isAlarmSet(queue: string): Promise<boolean> {
  return runInDurableObject(objectOf(queue), async (_, { storage }) => (await storage.getAlarm()) !== null);
}

test("a new queue is listed with its first counts at once, and sets no alarm for that", async () => {
  const before = Date.now() / 1_000;
  const queue = await listedAtFirst();

  const { counts, oldestAt, countedAt } = (await listedQueue(queue)) ?? {};

  expect(counts).toEqual({
    ...{ visible: 1, delayed: 0, leased: 0, dead: 0, transferring: 0, unfinished: 1 },
    ...{ accepted: 1, done: 0, purged: 0, expired: 0, transferred: 0 },
  });
  expect(oldestAt).toBeGreaterThanOrEqual(before);
  expect(countedAt).toBeGreaterThanOrEqual(oldestAt ?? Number.POSITIVE_INFINITY);
  expect(await isAlarmSet(queue)).toBe(false);
  expect(callsOf(nameOf(queue))).toBe(0);
});

test("a queue that is empty and then not used shows so a minute later, sets no other alarm and reports no more", async () => {
  const queue = await listedAtFirst();
  await ack(queue, await receive(queue));

  await pass(MINUTE_SECONDS + 1, queue);
  const listed = await listedQueue(queue);
  const isSet = await isAlarmSet(queue);
  await pass(HOUR_SECONDS, queue);

  expect(listed).toMatchObject({ counts: { visible: 0, leased: 0, unfinished: 0, accepted: 1, done: 1 } });
  expect(listed).not.toHaveProperty("oldestAt");
  expect(isSet).toBe(false);
  expect(await listedQueue(queue)).toEqual(listed);
  expect(callsOf(nameOf(queue))).toBe(1);
});

test("a queue in use reports once a minute", async () => {
  const queue = await listedAtFirst();

  for (const _ of numbers(30)) {
    await oneMessage(queue);
    await pass(10, queue);
  }

  expect(callsOf(nameOf(queue))).toBeGreaterThanOrEqual(4);
  expect(callsOf(nameOf(queue))).toBeLessThanOrEqual(5);
});

test("a queue in use writes two rows a minute for its reports: one of its own, for the alarm, and one of the directory", async () => {
  const queue = await listedAtFirst();
  await oneMessage(queue);
  await pass(MINUTE_SECONDS, queue);
  const { rowsWritten } = await descriptionOf(queue);
  let rowsOfDirectory = 0;
  await interceptStatements(directoryOf(env), {
    after: (rows) => {
      rowsOfDirectory += rows;
    },
  });

  for (const _ of numbers(10)) await oneMessage(queue);
  await pass(MINUTE_SECONDS, queue);

  expect((await descriptionOf(queue)).rowsWritten - rowsWritten).toBe(3 * 10 + 1);
  expect(rowsOfDirectory).toBe(1);
});

test("a queue that is read, and loaded for that, reports nothing and sets no alarm", async () => {
  const queue = await listedAtFirst();
  await oneMessage(queue);
  await pass(MINUTE_SECONDS, queue);

  for (const _ of numbers(5)) {
    await evictDurableObject(objectOf(queue));
    await descriptionOf(queue);
    await call("GET", `${queue}/messages`);
    expect(await isAlarmSet(queue)).toBe(false);
    await pass(MINUTE_SECONDS, queue);
  }

  expect(callsOf(nameOf(queue))).toBe(1);
});

test("a queue whose object leaves memory after each message reports once a minute, with one alarm", async () => {
  const queue = await listedAtFirst();
  const { rowsWritten } = await descriptionOf(queue);

  for (const _ of numbers(12)) {
    await oneMessage(queue);
    await evictDurableObject(objectOf(queue));
    await pass(10, queue);
  }
  await pass(MINUTE_SECONDS, queue);

  expect(callsOf(nameOf(queue))).toBeLessThanOrEqual(3);
  expect((await descriptionOf(queue)).rowsWritten - rowsWritten).toBeLessThanOrEqual(3 * 12 + 3);
  expect(await listedQueue(queue)).toMatchObject({ counts: { visible: 1, done: 12 } });
});

test("a queue that crashes after its last change shows it all the same", async () => {
  const queue = await listedAtFirst();
  await ack(queue, await receive(queue));
  await abortAllDurableObjects();

  await pass(MINUTE_SECONDS, queue);

  expect(await listedQueue(queue)).toMatchObject({ counts: { visible: 0, done: 1 } });
});

test("after a restart no queue reports because it is loaded; those with a change report it once", async () => {
  const [changed, unchanged] = [[], []] as [string[], string[]];
  for (const _ of numbers(10)) {
    changed.push(await listedAtFirst());
    unchanged.push(await listedAtFirst());
  }
  for (const queue of changed) await put(queue, ["second"]);
  await abortAllDurableObjects();

  for (const queue of [...changed, ...unchanged]) await descriptionOf(queue);
  const atOnce = calls.size;
  await pass(MINUTE_SECONDS, ...changed, ...unchanged);

  expect(atOnce).toBe(0);
  expect(changed.map(nameOf).map(callsOf)).toEqual(changed.map(() => 1));
  expect(unchanged.map(nameOf).map(callsOf)).toEqual(unchanged.map(() => 0));
});

test("a directory that never answers delays no command, and is asked once", async () => {
  const queue = await listedAtFirst();
  let isAnswering = false;
  answerReports(async () => {
    while (!isAnswering) await scheduler.wait(1);
    return null;
  });
  await oneMessage(queue);

  const passed = pass(MINUTE_SECONDS, queue);
  await eventually(() => expect(callsOf(nameOf(queue))).toBe(1));
  await put(queue, ["second"]);
  const received = await receive(queue, { max: 10 });
  isAnswering = true;
  await passed;

  expect(bodiesOf(received)).toEqual(["task", "second"]);
  expect(callsOf(nameOf(queue))).toBe(1);
});

test("a directory that fails fails no command: the log has one line, and the next report is a minute later", async () => {
  const queue = await listedAtFirst();
  answerReports(() => Promise.reject(new Error("The directory is away.")));
  await oneMessage(queue);
  await pass(MINUTE_SECONDS, queue);
  await oneMessage(queue);
  await pass(MINUTE_SECONDS, queue);
  const failed = callsOf(nameOf(queue));
  const [line, ...lines] = log.mock.calls.map(([text]) => text);
  answerReports((directory, ...args) => report.apply(directory, args));
  await oneMessage(queue);
  await pass(MINUTE_SECONDS, queue);

  expect(failed).toBe(2);
  expect([line, lines]).toEqual([
    `queue ${nameOf(queue)}: unavailable: the directory did not take the counts; it gets them later.`,
    [],
  ]);
  expect(await listedQueue(queue)).toMatchObject({ counts: { visible: 1, done: 3 } });
});

test("a queue that is not used reports again by itself while the directory fails, more and more rarely", async () => {
  const queue = await listedAtFirst();
  answerReports(() => Promise.reject(new Error("The directory is away.")));
  await ack(queue, await receive(queue));

  await pass(24 * HOUR_SECONDS, queue);
  const failed = callsOf(nameOf(queue));
  answerReports((directory, ...args) => report.apply(directory, args));
  await pass(HOUR_SECONDS, queue);
  await pass(24 * HOUR_SECONDS, queue);

  expect(failed).toBeGreaterThan(24);
  expect(failed).toBeLessThanOrEqual(30);
  expect(await listedQueue(queue)).toMatchObject({ counts: { visible: 0, done: 1 } });
  expect(callsOf(nameOf(queue))).toBe(failed + 1);
});

test("a first report that is lost with its confirmation is made a minute later", async () => {
  const queue = freshQueue();
  vi.spyOn(DirectoryObject.prototype, "confirm").mockRejectedValueOnce(new Error("The directory is away."));
  await put(queue, ["first"]);

  await pass(MINUTE_SECONDS, queue);

  expect(await listedQueue(queue)).toMatchObject({ counts: { visible: 1 } });
});

test("a deleted queue is not listed, whatever it still reports, and its next life begins with its own counts", async () => {
  const queue = await listedAtFirst();
  let reported: Promise<unknown> = Promise.resolve();
  answerReports((directory, ...args) => {
    // Arrives when the queue was deleted.
    reported = call("DELETE", queue).then(() => report.apply(directory, args));
    return Promise.resolve(null);
  });
  await put(queue, ["second"]);
  await pass(MINUTE_SECONDS, queue);
  await reported;

  expect(await listedQueue(queue)).toBeUndefined();
  await call("PUT", queue, {});
  await eventually(async () => expect(await listedQueue(queue)).toMatchObject({ counts: { visible: 0, accepted: 0 } }));
});

test("a directory of an older version, which takes no reports, is told no more than it takes", async () => {
  Reflect.deleteProperty(DirectoryObject.prototype, "report");
  Reflect.deleteProperty(DirectoryObject.prototype, "listReports");
  vi.spyOn(DirectoryObject.prototype, "confirm").mockResolvedValue(undefined as never);
  vi.spyOn(DirectoryObject.prototype, "list").mockImplementation(async (prefix) => [prefix]);
  const queue = freshQueue();
  await oneMessage(queue);

  await pass(MINUTE_SECONDS, queue);

  expect(await listedQueue(queue)).toEqual({ name: nameOf(queue) });
  expect(log).not.toHaveBeenCalled();
});
