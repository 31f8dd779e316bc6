/** A server process that ends by itself is started again. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Backoff } from "../../src/local/backoff.ts";
import { QueueManager } from "../../worker-client/src/index.ts";
import { Program } from "../support/start-program.ts";

let parent: string;
let directory: string;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "durable-queue-restart-"));
  directory = join(parent, "data");
});

afterEach(async () => {
  await Program.killAll();
  rmSync(parent, { recursive: true });
});

/** Kills the server process that the program has started, as a crash would. */
function crash(program: Program): void {
  const children = execFileSync("ps", ["-A", "-o", "pid=,ppid=,comm="], { encoding: "utf8" }).split("\n");
  const child = children.map((line) => line.trim().split(/\s+/)).find(([, ppid]) => ppid === String(program.pid));
  process.kill(Number(child?.[0]), "SIGKILL");
}

test("a server that is killed serves again on its port with its queues, and both are logged in a line", async () => {
  const program = Program.start({ DATA_DIR: directory, AUTHKEY: "key" });
  const address = await program.serving();
  const queue = new QueueManager({ address, authkey: "key" }).queue("q");
  await queue.put("item");

  crash(program);
  await program.printed(/serves \S+ again/);

  expect(await queue.getNowait()).toBe("item");
  const lines = program.output.slice(program.output.indexOf("Ctrl-C stops it.\n")).split("\n").slice(1, -1);
  expect(lines).toEqual([
    "server: ended: the server ended (SIGKILL). It is started again in 0.2 s.",
    expect.stringMatching(new RegExp(`^server: serving: the server serves ${address} again, after [0-9.]+ s\\.$`)),
  ]);
  program.signal("SIGTERM");
  expect(await program.ended).toBe(0);
});

/** Keeps the next server from starting: a folder is where its socket would be. */
function occupySocket(): string {
  const path = join(directory, "server.sock");
  rmSync(path);
  mkdirSync(path);
  writeFileSync(join(path, "file"), "");
  return path;
}

test("the reason why a server cannot start again is logged, and it starts when that is gone", async () => {
  const program = Program.start({ DATA_DIR: directory, AUTHKEY: "key" });
  const address = await program.serving();
  const port = Number(new URL(address).port);
  const queue = new QueueManager({ address, authkey: "key" }).queue("q");
  await queue.put("item");

  const occupied = occupySocket();
  crash(program);
  await program.printed(/the server could not be started\. /);
  const other = createServer().listen(port, "127.0.0.1");
  await once(other, "listening");
  rmSync(occupied, { recursive: true });
  await program.printed(new RegExp(`the server could not be started\\. Port ${port} of 127\\.0\\.0\\.1 is taken`));
  other.close();
  await program.printed(/serves \S+ again/);

  expect(await queue.getNowait()).toBe("item");
});

test("Ctrl-C while it waits to start the server again ends it with status 0", async () => {
  const program = Program.start({ DATA_DIR: directory, AUTHKEY: "key" });
  await program.serving();
  occupySocket();
  crash(program);
  await program.printed(/the server could not be started/);

  program.signalGroup("SIGINT");

  expect(await program.ended).toBe(0);
  expect(program.output).toMatch(/Stopped\. Everything that was acknowledged is stored\.\n$/);
});

// A connection takes two files: with the one limit the first of them fails, with the other the second.
for (const limit of [128, 129]) {
  test(`a server recovers from connections that use up ${limit} open files`, async () => {
    const program = Program.startWithFiles(limit, { DATA_DIR: directory, AUTHKEY: "key" });
    const address = await program.serving();
    const queue = new QueueManager({ address, authkey: "key" }).queue("q");
    await queue.put("item");

    const crowd: Socket[] = [];
    const closings = Array.from({ length: limit }, () => {
      const socket = connect(Number(new URL(address).port), "127.0.0.1");
      crowd.push(socket);
      return new Promise<void>((settle) => {
        socket.on("error", () => undefined);
        socket.on("close", () => settle());
      });
    });
    await Promise.race(closings);
    for (const socket of crowd) socket.destroy();

    // It may take a moment until it serves again.
    expect(await queue.get({ timeoutSeconds: 30 })).toBe("item");
    expect(program.output).toMatch(new RegExp(`^Warning: The hard limit of open files is ${limit} `));
  });
}

test("the waits between starts double up to eight seconds, and begin anew after a minute of service", () => {
  const backoff = new Backoff();

  const waits = [0, 0, 59_999, 0, 0, 0, 0, 60_000, 0].map((servedMs) => backoff.next(servedMs));

  expect(waits).toEqual([200, 400, 800, 1_600, 3_200, 6_400, 8_000, 200, 400]);
});
