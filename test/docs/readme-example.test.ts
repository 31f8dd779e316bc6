/** The README's example from nothing: its blocks as they are printed, in the order in which they are, beside a clone. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { tmpdir } from "node:os";
import { basename, delimiter, dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DataDirectory } from "../../src/local/data-directory.ts";
import { Server } from "../../src/local/server.ts";
import { readmeBlocks } from "../support/code-blocks.ts";
import { PackageRegistry } from "../support/package-registry.ts";

const ROOT = join(import.meta.dirname, "../..");
const AUTHKEY = "readme";
const run = promisify(execFile);

const folder = mkdtempSync(join(tmpdir(), "durable-queue-readme-"));
const clone = join(folder, "clone");
const emails = join(folder, "emails");
let server: Server;
let registry: PackageRegistry;
let worker: ChildProcess | undefined;

/** As in a terminal of a newcomer, whose npm asks the registry of this test. */
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  copyClone();
  const directory = new DataDirectory(join(clone, ".data"));
  server = await Server.start({ host: "127.0.0.1", port: 0, authkey: AUTHKEY, directory });
  directory.writeClientEnvironment(server.address, AUTHKEY);
  registry = await PackageRegistry.serve(folderOfWs());
  const inherited = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_|DURABLE_QUEUE_|VITEST)/i.test(name));
  env = {
    ...Object.fromEntries(inherited),
    PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
    npm_config_registry: registry.address,
    npm_config_cache: join(folder, "cache"),
  };
});

afterAll(async () => {
  worker?.kill("SIGKILL");
  registry.close();
  await server.stop();
  rmSync(folder, { recursive: true });
});

/** Where npm has put the ws of the client: beside it, or above. */
function folderOfWs(): string {
  const manifest = findPackageJSON("ws", join(ROOT, "worker-client/package.json"));
  if (manifest === undefined) throw new Error("The client's ws is not installed.");
  return dirname(manifest);
}

/** The folder without what was made in it, and with what is installed in it: setting up has tests of its own. */
function copyClone(): void {
  const made = new Set([".git", "node_modules", "dist", ".data", ".wrangler", "test-results"]);
  cpSync(ROOT, clone, { recursive: true, filter: (path) => !made.has(basename(path)) && !path.endsWith(".tgz") });
  for (const folder of ["node_modules", "worker-client/node_modules"]) {
    if (existsSync(join(ROOT, folder))) symlinkSync(join(ROOT, folder), join(clone, folder));
  }
  writeFileSync(join(clone, "src/local/setup.mjs"), "");
}

/** The only one that begins so. */
function block(language: string, beginning: string): string {
  const [code, ...others] = readmeBlocks(language, beginning);
  expect([typeof code, others]).toEqual(["string", []]);
  return code as string;
}

test("the README's commands make a project in which its producer and its worker do the job", async () => {
  const [producer, workers] = readmeBlocks("ts") as [string, string];

  await run("/bin/sh", ["-ec", block("sh", "mkdir ")], { cwd: clone, env });
  writeFileSync(join(emails, "producer.ts"), producer);
  writeFileSync(join(emails, "worker.ts"), workers);
  worker = spawn("/bin/sh", ["-c", `exec ${block("sh", "node --env-file=.env worker.ts")}`], { cwd: emails, env });
  const printed = once(worker.stdout as Readable, "data");
  const { stdout } = await run("/bin/sh", ["-c", block("sh", "node --env-file=.env producer.ts")], {
    cwd: emails,
    env,
  });

  expect(stdout).toMatch(/^stored 0\.[a-z0-9]{8}-1-0\n$/);
  expect(String((await printed)[0])).toBe("sending to ada@example.com attempt 1\n");
  worker.kill("SIGTERM");
  const [status] = await once(worker, "exit");
  expect(status).toBe(0);
  expect(JSON.parse(readFileSync(join(emails, "package.json"), "utf8"))).toMatchObject({ type: "module" });
});

test("the README has at most 120 lines, and its producer and worker are 20 lines of code at most", () => {
  const readme = readFileSync(join(ROOT, "README.md"), "utf8").trimEnd().split("\n");
  const lines = readmeBlocks("ts").flatMap((code) => code.split("\n").filter((line) => line.trim() !== ""));

  expect(readme.length).toBeLessThanOrEqual(120);
  expect(lines.length).toBeLessThanOrEqual(20);
});
