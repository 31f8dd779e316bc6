/** The commands of the page about the command line, run in their order by a shell, as a reader would type them. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { blocks } from "../support/code-blocks.ts";
import { AUTHKEY, TestServer } from "../support/server.ts";

const ROOT = join(import.meta.dirname, "../..");
const run = promisify(execFile);
const server = new TestServer();
const folder = mkdtempSync(join(tmpdir(), "durable-queue-page-"));

beforeAll(() => server.start());
afterAll(async () => {
  await server.remove();
  rmSync(folder, { recursive: true });
});

const scripts = blocks.filter(({ file, language }) => file === "docs/command-line.md" && language === "sh");

test("every command of the page does what it says", async () => {
  const program = `'${process.execPath}' '${ROOT}/dist/worker-client/cli/index.js'`;
  const script = ["set -e", `durable-queue() { ${program} "$@"; }`, ...scripts.map(({ code }) => code)].join("\n");
  const env = { ...process.env, DURABLE_QUEUE_ADDRESS: server.address, DURABLE_QUEUE_AUTHKEY: AUTHKEY, HOME: folder };

  const { stdout, stderr } = await run("/bin/bash", ["-c", script], { cwd: folder, env });

  const results = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);
  expect(stderr).toBe("");
  expect(results).toContainEqual({ to: "a@example.com" });
  expect(results).toContainEqual({ acked: 1, stale: [] });
  expect(results.at(-1)).toEqual({
    key: expect.stringMatching(/^dq_/),
    authkeys: expect.stringContaining("mail-worker"),
  });
});
