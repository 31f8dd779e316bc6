/** Data that older builds have stored is served by this build, with everything in it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DataDirectory } from "../../src/local/data-directory.ts";
import { Server } from "../../src/local/server.ts";
import { eventually } from "../support/eventually.ts";
import { unpack } from "../support/stored/archive.ts";
import { callQueue, STORED_AUTHKEY } from "../support/stored/call-queue.ts";
import { type Fields, type ShownQueue, shownQueue, shownQueues, steady } from "../support/stored/shown.ts";

const FIXTURES = join(import.meta.dirname, "../fixtures");

/** The states in which a message is of the queue: with what has left it they make up `accepted`. */
const HELD = ["visible", "delayed", "leased", "dead", "transferring"];
const LEFT = ["done", "purged", "expired", "transferred"];

let path: string;
let server: Server;

async function start(): Promise<void> {
  const place = { host: "127.0.0.1", port: 0, directory: new DataDirectory(path) };
  server = await Server.start({ ...place, authkey: STORED_AUTHKEY });
}

function call(method: string, route: string, body?: unknown): Promise<Fields> {
  return callQueue(server.address, method, route, body);
}

beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), "durable-queue-older-"));
});

afterEach(async () => {
  await server.kill();
  rmSync(path, { recursive: true });
});

function sumOf(description: Fields, counts: readonly string[]): number {
  return counts.reduce((sum, count) => sum + Number(description[count]), 0);
}

/** Receives and acks this many messages: a queue that was shut down refuses another receive. */
async function receiveAll(name: string, count: number): Promise<Fields[]> {
  const received: Fields[] = [];
  while (received.length < count) {
    const reply = await call("POST", `/${name}/receive`, { max: 1_000, leaseSeconds: 600 });
    const messages = reply.messages as Fields[];
    if (messages.length === 0) break;
    received.push(...messages);
    await call("POST", `/${name}/ack`, { receipts: messages.map(({ receipt }) => receipt) });
  }
  return received;
}

/** Whether a redrive takes a message: it died here, or in another queue. */
function isDeadLetter({ state, deadLetter }: Fields): boolean {
  return state === "dead" || deadLetter !== undefined;
}

/** Makes the dead letters of a queue visible: in it, or in another queue if they died elsewhere. */
async function redrive(name: string, messages: readonly Fields[]): Promise<Fields[]> {
  const dead = messages.filter(isDeadLetter);
  if (dead.length === 0) return [...messages];
  const isFromElsewhere = dead.some(({ deadLetter }) => deadLetter !== undefined);
  const to = isFromElsewhere ? { to: `redriven-of-${name}` } : {};
  expect([name, await call("POST", `/${name}/redrive`, to)]).toEqual([name, { redriven: dead.length, left: 0 }]);
  if (!isFromElsewhere) return [...messages];
  await eventually(async () => expect(await call("GET", `/${name}`)).toMatchObject({ transferring: 0 }));
  expect(await receiveAll(`redriven-of-${name}`, dead.length)).toHaveLength(dead.length);
  return messages.filter((message) => !isDeadLetter(message));
}

/** Redrives, receives and acks every message of a queue, and puts another one. Returns what the queue then shows. */
async function use(name: string, before: ShownQueue): Promise<ShownQueue> {
  const { shutdown, accepted, done } = before.description;
  await call("PUT", `/${name}`, { retentionSeconds: 0, deadLetterQueue: null });
  await call("POST", `/${name}/resume`, {});
  const visible = await redrive(name, before.messages);
  const received = await receiveAll(name, visible.length);
  expect(idsOf(received)).toEqual(idsOf(visible));
  const put = { body: "new", dedupeKey: "new", headers: { origin: "test" }, maxAttempts: 2 };
  if (shutdown === "none") await call("POST", `/${name}/messages`, { messages: [put] });
  const news = shutdown === "none" ? [{ body: "new", headers: put.headers, state: "visible", attempts: 0 }] : [];
  const after = await shownQueue(server.address, name);
  // A dead letter counts as finished until it is redriven.
  const redriven = visible.filter(({ state }) => state === "dead").length;
  const sent = before.messages.filter(({ state }) => state === "visible").length + redriven - received.length;
  const unfinished = Number(before.description.unfinished) + redriven - received.length - sent + news.length;
  expect(after.messages).toMatchObject(news);
  expect(after.description).toMatchObject({
    ...{ visible: news.length, dead: 0, leased: 0, unfinished },
    ...{ accepted: Number(accepted) + news.length, done: Number(done) + received.length },
  });
  return after;
}

function idsOf(messages: readonly Fields[]): unknown[] {
  return messages.map((message) => steady(message).id).sort();
}

describe.each(readdirSync(FIXTURES))("data of tables of %s", (fixture) => {
  const shown = JSON.parse(readFileSync(join(FIXTURES, fixture, "shown.json"), "utf8")) as Record<string, ShownQueue>;

  test("has every queue and message, which are used, changed and there after a restart", async () => {
    unpack(readFileSync(join(FIXTURES, fixture, "stored.json.gz")), path);
    await start();

    const before = await eventually(async () => {
      const now = await shownQueues(server.address);
      expect(now).toMatchObject(shown);
      return now;
    });
    expect(Object.keys(before)).toEqual(Object.keys(shown));
    const after: Record<string, ShownQueue> = {};
    for (const [name, queue] of Object.entries(before)) {
      expect(sumOf(queue.description, HELD)).toBe(queue.messages.length);
      after[name] = await use(name, queue);
    }
    for (const [name, { description }] of Object.entries(after)) {
      expect([name, sumOf(description, [...HELD, ...LEFT])]).toEqual([name, description.accepted]);
    }

    await server.kill();
    await start();
    expect(await shownQueues(server.address)).toMatchObject(after);
  });
});
