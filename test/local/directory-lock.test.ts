/** What keeps a second server off a directory. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isSocketServed, LOCK_SOCKET, tryLock } from "../../src/local/directory-lock.ts";

let directory: string;
let child: ChildProcess | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "durable-queue-lock-"));
});

afterEach(() => {
  child?.kill("SIGKILL");
  child = undefined;
  rmSync(directory, { recursive: true });
});

async function lock(): Promise<number> {
  const outcome = await tryLock(directory);
  if (typeof outcome === "string") throw new Error(`The lock could not be had: ${outcome}`);
  return outcome.held;
}

test("a lock that was passed on is held until the process that has it is killed", async () => {
  const held = await lock();
  child = spawn(process.execPath, ["-e", "process.stdin.resume()"], { stdio: ["pipe", "ignore", "ignore", held] });
  closeSync(held);

  expect(await tryLock(directory)).toBe("taken");
  child.kill("SIGKILL");
  await once(child, "exit");
  closeSync(await lock());
});

test("a server that is too busy to accept a connection is found", async () => {
  const script = `require("net").createServer().listen({ path: "${LOCK_SOCKET}", backlog: 1 }, () => console.log("on"))`;
  child = spawn(process.execPath, ["-e", script], { cwd: directory, stdio: ["pipe", "pipe", "ignore"] });
  await once(child.stdout as NodeJS.EventEmitter, "data");
  child.kill("SIGSTOP");
  const connections: Socket[] = [];
  let isRefused = false;
  while (!isRefused) {
    const connection = connect(join(directory, LOCK_SOCKET));
    connections.push(connection);
    isRefused = await new Promise<boolean>((settle) => {
      connection.on("error", () => settle(true));
      connection.on("connect", () => settle(false));
    });
  }

  expect(await isSocketServed(directory)).toBe(true);
  for (const connection of connections) connection.destroy();
});

test("a socket that a killed server left is not taken for a server", async () => {
  const script = `require("net").createServer().listen("${LOCK_SOCKET}", () => console.log("on"))`;
  child = spawn(process.execPath, ["-e", script], { cwd: directory, stdio: ["pipe", "pipe", "ignore"] });
  await once(child.stdout as NodeJS.EventEmitter, "data");

  expect(await isSocketServed(directory)).toBe(true);
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(await isSocketServed(directory)).toBe(false);
});
