/** Data that older builds have stored is served by this build, with everything in it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { DataDirectory } from "../../src/local/data-directory.ts";
import { Server } from "../../src/local/server.ts";
import { unpack } from "../support/stored/archive.ts";
import { callQueue, STORED_AUTHKEY } from "../support/stored/call-queue.ts";
import { type Fields, type ShownQueue, shownQueue, shownQueues } from "../support/stored/shown.ts";

const FIXTURES = join(import.meta.dirname, "../fixtures");

/** A queue that waits for other queues, or for its retention, shows its last state within this. */
const SETTLED = { timeout: 20_000, interval: 50 };

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

/** Opens a queue to everything: what was paused or shut down is used as the others are, apart from puts. */
async function receiveAll(name: string): Promise<Fields[]> {
  const received: Fields[] = [];
  for (;;) {
    const { messages } = (await call("POST", `/${name}/receive`, { max: 1_000, leaseSeconds: 600 })) as {
      messages: Fields[];
    };
    if (messages.length === 0) return received;
    received.push(...messages);
    await call("POST", `/${name}/ack`, { receipts: messages.map(({ receipt }) => receipt) });
  }
}

/** Redrives, receives and acks every message of a queue, and puts another one. Returns what the queue then shows. */
async function use(name: string, before: ShownQueue): Promise<ShownQueue> {
  const { shutdown, dead, accepted, unfinished, done } = before.description;
  await call("PUT", `/${name}`, { retentionSeconds: 0, deadLetterQueue: null });
  await call("POST", `/${name}/resume`, {});
  // To the queue itself, so that the other queues of the fixture keep what they hold.
  if (dead !== 0) expect(await call("POST", `/${name}/redrive`, { to: name })).toEqual({ redriven: dead, left: 0 });
  const received = shutdown === "none" ? await receiveAll(name) : [];
  if (shutdown === "none") {
    expect(received.map(({ id }) => id).sort()).toEqual(before.messages.map(({ id }) => id).sort());
    await call("POST", `/${name}/messages`, { messages: [{ body: "new", dedupeKey: "new" }] });
  }
  const after = await shownQueue(server.address, name);
  if (shutdown === "none") {
    expect(after.messages).toMatchObject([{ body: "new", state: "visible", attempts: 0 }]);
    expect(after.description).toMatchObject({ accepted: Number(accepted) + 1, done: Number(done) + received.length });
    const open = Number(unfinished) + Number(dead) - received.length + 1;
    expect(after.description).toMatchObject({ visible: 1, dead: 0, unfinished: open });
  }
  return after;
}

describe.each(readdirSync(FIXTURES))("data of %s of the tables", (fixture) => {
  const shown = JSON.parse(readFileSync(join(FIXTURES, fixture, "shown.json"), "utf8")) as Record<string, ShownQueue>;

  test("has every queue and message, which are used, changed and there after a restart", async () => {
    unpack(readFileSync(join(FIXTURES, fixture, "stored.json.gz")), path);
    await start();

    await vi.waitFor(async () => expect(await shownQueues(server.address)).toMatchObject(shown), SETTLED);
    const before = await shownQueues(server.address);
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
    expect(await shownQueues(server.address)).toEqual(after);
  });
});
