/** The README's example from nothing: its blocks as they are printed, in the order in which they are, beside a clone. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, delimiter, dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readmeBlocks } from "../support/code-blocks.ts";
import { PackageRegistry, standIn } from "../support/projects/package-registry.ts";

const ROOT = join(import.meta.dirname, "../..");
const INSTALLED = join(ROOT, "node_modules");
const run = promisify(execFile);

/** The package with the program of workerd for this machine. */
const WORKERD = `@cloudflare/workerd-${process.platform}-${process.arch === "x64" ? "64" : process.arch}`;

const folder = mkdtempSync(join(tmpdir(), "durable-queue-readme-"));
const clone = join(folder, "clone");
const emails = join(folder, "emails");
const programs: ChildProcess[] = [];
let registry: PackageRegistry;

/** As in a terminal of a newcomer, whose npm asks the registry of this test, and on a port that is free. */
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  copyClone();
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { dependencies: object };
  const names = [...Object.keys(dependencies), "workerd"];
  const workerd = standIn(join(INSTALLED, WORKERD), "bin/workerd", join(folder, "workerd"));
  registry = await PackageRegistry.serve([...names.map((name) => join(INSTALLED, name)), workerd]);
  const inherited = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_|DURABLE_QUEUE_|VITEST)/i.test(name));
  env = {
    ...Object.fromEntries(inherited),
    PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
    PORT: "0",
    npm_config_registry: registry.address,
    npm_config_cache: join(folder, "cache"),
  };
}, 120_000);

afterAll(async () => {
  for (const program of programs) await end(program);
  registry.close();
  rmSync(folder, { recursive: true });
});

/** The folder without what was made in it, and with what is installed in it: setting up has tests of its own. */
function copyClone(): void {
  const made = new Set([".git", "node_modules", "dist", ".data", ".wrangler", "test-results"]);
  cpSync(ROOT, clone, { recursive: true, filter: (path) => !made.has(basename(path)) && !path.endsWith(".tgz") });
  symlinkSync(INSTALLED, join(clone, "node_modules"));
  writeFileSync(join(clone, "src/local/setup.mjs"), "");
}

/** The only one that begins so. */
function block(language: string, beginning: string): string {
  const [code, ...others] = readmeBlocks(language, beginning);
  expect([typeof code, others]).toEqual(["string", []]);
  return code as string;
}

/** Starts a command of the README in a terminal of its own, in the folder of the user's project. */
function start(beginning: string): { program: ChildProcess; lines: AsyncIterator<string> } {
  const program = spawn("/bin/sh", ["-c", `exec ${block("sh", beginning)}`], { cwd: emails, env, detached: true });
  programs.push(program);
  return { program, lines: linesOf(program) };
}

async function* linesOf(program: ChildProcess): AsyncGenerator<string> {
  let text = "";
  for await (const chunk of program.stdout as Readable) {
    text += chunk;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
      yield text.slice(0, end);
      text = text.slice(end + 1);
    }
  }
}

/** Ends a program as Ctrl-C in a terminal does, which signals its whole group. Answers with its exit status. */
async function end(program: ChildProcess): Promise<unknown> {
  if (program.exitCode !== null || program.signalCode !== null) return program.exitCode;
  const exit = once(program, "exit");
  process.kill(-(program.pid as number), "SIGINT");
  return (await exit)[0];
}

test("the README's commands make a project in which its producer and its worker do the job", {
  timeout: 180_000,
}, async () => {
  const [producer, workers] = readmeBlocks("ts") as [string, string];

  await run("/bin/sh", ["-ec", block("sh", "npm pack")], { cwd: clone, env });
  writeFileSync(join(emails, "producer.ts"), producer);
  writeFileSync(join(emails, "worker.ts"), workers);
  const server = start("npx durable-queue dev");
  expect((await server.lines.next()).value).toMatch(/^durable-queue serves http:\/\/127\.0\.0\.1:\d+ /);
  const worker = start("node --env-file=.data/client.env worker.ts");
  const { stdout } = await run("/bin/sh", ["-c", block("sh", "node --env-file=.data/client.env producer.ts")], {
    cwd: emails,
    env,
  });

  expect(stdout).toMatch(/^stored 0\.[a-z0-9]{8}-1-0\n$/);
  expect((await worker.lines.next()).value).toBe("sending to ada@example.com attempt 1");
  expect(await end(worker.program)).toBe(0);
  expect(JSON.parse(readFileSync(join(emails, "package.json"), "utf8"))).toMatchObject({ type: "module" });
});

test("the README has at most 120 lines, and its producer and worker are 20 lines of code at most", () => {
  const readme = readFileSync(join(ROOT, "README.md"), "utf8").trimEnd().split("\n");
  const lines = readmeBlocks("ts").flatMap((code) => code.split("\n").filter((line) => line.trim() !== ""));

  expect(readme.length).toBeLessThanOrEqual(120);
  expect(lines.length).toBeLessThanOrEqual(20);
});
