/** Data that an older build has stored is served by this one: nothing is lost, and all of it can be used. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DataDirectory } from "../../src/local/data-directory.ts";
import { Server } from "../../src/local/server.ts";
import { type QueueDescription, QueueManager } from "../../worker-client/src/index.ts";
import { fixtureIn, unpack } from "../support/stored/fixture.ts";

const FIXTURES = `${import.meta.dirname}/../fixtures`;
const AUTHKEY = "the-authkey-of-this-test";

/** Counts that are the same however much time has passed since. */
const LASTING = ["visible", "dead", "unfinished", "accepted", "done", "purged", "transferred", "shutdown"] as const;

/** Up to tables of version 3 an id named no partition. */
function idToday(id: unknown): string {
  return String(id).includes(".") ? String(id) : `0.${id}`;
}

describe.each(readdirSync(FIXTURES).filter((name) => name.endsWith(".json.gz")))("%s", (file) => {
  const fixture = fixtureIn(`${FIXTURES}/${file}`);
  const names = Object.keys(fixture.queues);
  const directory = new DataDirectory(mkdtempSync(`${tmpdir()}/durable-queue-older-`));
  let server: Server;
  let manager: QueueManager;

  async function start(): Promise<void> {
    server = await Server.start({ host: "127.0.0.1", port: 0, directory, authkey: AUTHKEY });
    manager = new QueueManager({ address: server.address, authkey: AUTHKEY });
  }

  async function stop(): Promise<void> {
    await manager.close();
    await server.kill();
  }

  beforeAll(async () => {
    unpack(fixture, directory.path);
    await start();
  });
  afterAll(async () => {
    await stop();
    rmSync(directory.path, { recursive: true });
  });

  async function lastingOf(name: string): Promise<object> {
    const description: QueueDescription = await manager.queue(name).describe();
    return Object.fromEntries(LASTING.map((field) => [field, description[field]]));
  }

  test("has the same queues, settings and counts", async () => {
    const found: string[] = [];
    for await (const name of manager.queueNames()) found.push(name);
    expect(found).toEqual(names);

    for (const name of names) {
      const description: Record<string, unknown> = fixture.queues[name]?.description ?? {};
      const { oldestSeconds: _, storageBytes: __, rowsWritten: ___, ...rest } = description;
      expect(await manager.queue(name).describe(), name).toMatchObject(rest);
    }
  });

  test.each(names)("has the same messages in %s", async (name) => {
    const shown: object[] = [];
    for await (const { id, item, state, attempts, priority, group, lastError, reason } of manager
      .queue(name)
      .messages()) {
      const content = item instanceof Uint8Array ? { bytes: Buffer.from(item).toString("base64") } : { body: item };
      shown.push({ id, ...content, state, attempts, priority, group, lastError, reason });
    }
    const expected = (fixture.queues[name]?.messages ?? []).map((message) => {
      const { id, body, bytes, state, attempts, priority, group, lastError, reason } = message;
      const content = bytes === undefined ? { body } : { bytes };
      return { id: idToday(id), ...content, state, attempts, priority, group, lastError, reason };
    });
    expect(shown).toEqual(expected);
  });

  test("is used like new: redriven, received, acked, put to, and the same after a restart", async () => {
    for (const name of names) {
      const queue = manager.queue(name);
      const { shutdown } = await queue.describe();
      await queue.resume();
      if (name !== "letters") await queue.redrive();
      const { visible } = await queue.describe();
      if (shutdown === "none") await queue.put("new", { headers: { origin: "test" }, maxAttempts: 2 });
      const wanted = visible + (shutdown === "none" ? 1 : 0);
      let acked = 0;
      while (acked < wanted) {
        const messages = await queue.receive({ max: 1_000, timeoutSeconds: 5 });
        expect(messages.length, `${name} has ${wanted - acked} more`).toBeGreaterThan(0);
        for (const message of messages) expect(await message.ack()).toBe(true);
        acked += messages.length;
      }
    }
    const before = await Promise.all(names.map(lastingOf));
    expect(before).toEqual(names.map(() => expect.objectContaining({ visible: 0, dead: 0 })));

    await stop();
    await start();

    expect(await Promise.all(names.map(lastingOf))).toEqual(before);
  });
});
