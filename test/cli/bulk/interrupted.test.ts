import { createReadStream, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, type Readable } from "node:stream";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Queue } from "../../../worker-client/src/index.ts";
import { freshName, TestServer } from "../../support/server.ts";
import { environmentFor } from "../in-process.ts";
import { CliProcess } from "./cli-process.ts";

const LINES = 24_000;
const KILLS = 3;
const server = new TestServer();
const folder = mkdtempSync(join(tmpdir(), "durable-queue-interrupted-"));
const lines = join(folder, "lines.jsonl");

beforeAll(async () => {
  writeFileSync(lines, Array.from({ length: LINES }, (_, index) => `${index}\n`).join(""));
  await server.start();
});
afterEach(() => CliProcess.killAll());
afterAll(async () => {
  await server.remove();
  rmSync(folder, { recursive: true });
});

function start(...args: string[]): CliProcess {
  return startWith(createReadStream(lines), ...args);
}

function startWith(input: Readable, ...args: string[]): CliProcess {
  return new CliProcess(args, { environment: environmentFor(server), folder, input });
}

function freshQueue(): Queue {
  return server.manager().queue(freshName());
}

async function itemsIn(queue: Queue): Promise<unknown[]> {
  const items: unknown[] = [];
  for await (const { item } of queue.messages({ pageSize: 1_000 })) items.push(item);
  return items;
}

/** Waits until something is so, or the command has ended. */
async function until(command: CliProcess, isSo: () => Promise<boolean>): Promise<void> {
  let isOver = false;
  void command.status.then(() => {
    isOver = true;
  });
  while (!isOver && !(await isSo()));
}

const all = () => Array.from({ length: LINES }, (_, index) => index);

test("a put that is killed again and again puts each line once, with its checkpoint", async () => {
  const queue = freshQueue();
  const args = ["put", queue.name, "--checkpoint", `${queue.name}.progress`];
  for (let kills = 0; kills < KILLS; kills += 1) {
    const command = start(...args);
    const before = await queue.qsize();
    await until(command, async () => (await queue.qsize()) > before);
    command.kill("SIGKILL");
    await command.status;
  }

  const last = start(...args);

  expect(await last.status).toBe(0);
  expect(await itemsIn(queue)).toEqual(all());
});

test("a put that Ctrl-C has ended goes on with the line that it names", async () => {
  const queue = freshQueue();
  const command = start("put", queue.name);
  await until(command, async () => (await queue.qsize()) > 0);

  command.interrupt();
  const status = await command.status;
  const [, hint = ""] =
    /To go on, with the same options: durable-queue (.*) < the same input/.exec(command.errors) ?? [];
  const last = start(...hint.split(" "));

  expect([status, await last.status]).toEqual([130, 0]);
  expect(await itemsIn(queue)).toEqual(all());
});

test("a put goes on when the server is away for a while, and puts each line once", async () => {
  const queue = freshQueue();
  const command = start("put", queue.name);
  await until(command, async () => (await queue.qsize()) > 0);

  await server.crash();
  await server.start();

  expect(await command.status).toBe(0);
  expect(await itemsIn(queue)).toEqual(all());
});

test("after Ctrl-C while the server is away the batches of unknown outcome are in a checkpoint, and are put once", async () => {
  const queue = freshQueue();
  const command = start("put", queue.name);
  await until(command, async () => (await queue.qsize()) > 0);
  await server.crash();

  command.interrupt();
  const status = await command.status;
  const [, hint = ""] =
    /To go on, with the same options: durable-queue (.*) < the same input/.exec(command.errors) ?? [];
  await server.start();
  const last = start(...hint.split(" "));

  expect(status).toBe(130);
  expect(hint).toContain(`put ${queue.name} --checkpoint ${join(folder, queue.name)}.`);
  expect(await last.status).toBe(0);
  expect(await itemsIn(queue)).toEqual(all());
});

test("lines of a pipe that stays open are put while it pauses, and Ctrl-C ends it in order", async () => {
  const queue = freshQueue();
  const pipe = new PassThrough();
  const command = startWith(pipe, "put", queue.name);

  pipe.write("1\n2");
  const [first] = await queue.receive();
  pipe.write("\n");
  const [second] = await queue.receive();
  command.interrupt();

  expect([first?.item, second?.item]).toEqual([1, 2]);
  expect(await command.status).toBe(130);
  expect(command.errors).toMatch(/^Every line up to 2 was put\. /);
});

test("an export that is killed again and again is complete in the end, and has no message twice", async () => {
  const queue = freshQueue();
  await start("put", queue.name).status;
  const path = join(folder, `${queue.name}.jsonl`);
  const sizeOf = () => (existsSync(path) ? statSync(path).size : 0);
  for (let kills = 0; kills < KILLS; kills += 1) {
    const command = start("export", queue.name, "--resume", path);
    const before = sizeOf();
    // The call is what lets the event loop go on.
    await until(command, async () => (await queue.qsize()) > 0 && sizeOf() > before);
    command.kill("SIGKILL");
    await command.status;
  }

  const last = start("export", queue.name, "--resume", path);

  expect(await last.status).toBe(0);
  const bodies = readFileSync(path, "utf8").trimEnd().split("\n");
  expect(bodies.map((line) => JSON.parse(line).body)).toEqual(all());
});
