/** Commands whose output, or whose notes, are not read to their end. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freshName, TestServer } from "../support/server.ts";
import { environmentFor } from "./in-process.ts";

const CLI = join(import.meta.dirname, "../../dist/worker-client/cli/index.js");
const run = promisify(execFile);

const server = new TestServer();
const folder = mkdtempSync(join(tmpdir(), "durable-queue-pipes-"));

beforeAll(() => server.start());
afterAll(async () => {
  await server.remove();
  rmSync(folder, { recursive: true });
});

/** Runs a line in a shell, in which `dq` is the program. */
function shell(line: string): Promise<{ stdout: string }> {
  const script = `dq() { '${process.execPath}' --conditions=durable-queue-source '${CLI}' "$@"; }\n${line}`;
  const env = { ...process.env, ...environmentFor(server), NO_COLOR: "1" };
  return run("/bin/bash", ["-c", script], { env, cwd: folder });
}

test("a put goes on when the reader of its warnings has ended", async () => {
  const queue = server.manager().queue(freshName());

  // The second warning comes when the reader has ended.
  const { stdout } = await shell(
    `mkfifo over
     { echo x; cat over; echo x; printf '%s\\n' 1 2 3; } |
       { dq put ${queue.name} --skip-invalid 2> >(head -1 > first; : > over); }`,
  );

  expect(JSON.parse(stdout)).toEqual({ put: 3, leftOut: 2, lines: 5 });
  expect(await queue.qsize()).toBe(3);
});

test("all messages are cancelled when the reader of the results has ended", async () => {
  const queue = server.manager().queue(freshName());
  const ids = [await queue.put(1), await queue.put(2), await queue.put(3)];

  await shell(`dq messages cancel ${queue.name} ${ids.join(" ")} | true`);

  expect(await queue.qsize()).toBe(0);
});

test("work goes on when the reader of what the handler prints has ended", async () => {
  const queue = server.manager().queue(freshName());
  await queue.putMany([1, 2, 3]);
  await queue.shutdown();

  const { stdout } = await shell(
    `echo 'export default (message) => console.log(message.item);' > prints.mjs
     dq work ${queue.name} prints.mjs 2> errors | true
     echo "\${PIPESTATUS[0]}"; cat errors`,
  );

  expect(stdout).toBe("0\n");
  expect(await queue.describe()).toMatchObject({ done: 3 });
});
