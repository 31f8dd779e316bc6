/**
 * The pages of docs/moving: what users of other queues have, beside what they write here. Ours runs and prints what the page
 * shows; theirs, whose packages are not installed here, is at least well-formed.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startServer, type TestServer } from "../../worker-client/testing/index.ts";
import { blocks, type CodeBlock, writePythonFiles } from "../support/code-blocks.ts";

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, "../..");
const SCRIPTS = join(ROOT, "test-results/moving");
const FROM_SOURCE = "--conditions=durable-queue-source";
const OURS = "durable-queue";

/** What stands above the code: whose it is, and the name of its file if it has one. */
const LABEL = /^(?:\/\/|#) ([^,\n]+)(?:, (\S+))?\n/;

/** Pages whose programs need workers that go on, in their folder. */
const WORKERS: Readonly<Record<string, readonly string[][]>> = {
  celery: [
    [process.execPath, FROM_SOURCE, join(ROOT, "worker-client/cli/index.ts"), "work", "./tasks.ts"],
    ["python3", "worker.py"],
  ],
};

/** A block of code of a page, and what follows it. */
interface Side {
  /** The page's name. */
  page: string;
  /** Whose code it is: `durable-queue`, or another queue's. */
  queue: string;
  block: CodeBlock;
  next: CodeBlock | undefined;
  /** The name of its file. */
  name: string;
}

const sides = blocks
  .filter(({ file, language }) => file.startsWith("docs/moving/") && language !== "sh")
  .map((block, index, all): Side => {
    const [, queue = "", file] = LABEL.exec(block.code) ?? [];
    const name = file ?? `block-${index}.${block.language === "python" ? "py" : "ts"}`;
    return { page: basename(block.file, ".md"), queue, block, next: all[index + 1], name };
  })
  .filter(({ block }) => block.language !== "text");
const code = sides.filter(({ block }) => block.language === "ts" || block.language === "python");
const ours = code.filter(({ queue }) => queue === OURS);
const programs = ours.filter(({ block, next }) => next?.language === "text" && next.file === block.file);

let server: TestServer;
let env: NodeJS.ProcessEnv;
const workers: ChildProcess[] = [];

beforeAll(async () => {
  server = await startServer();
  env = { ...process.env, DURABLE_QUEUE_ADDRESS: server.address, DURABLE_QUEUE_AUTHKEY: server.authkey };
  mkdirSync(join(SCRIPTS, "celery"), { recursive: true });
  // For its jobs.py. The others are replaced by those of the page that have their names.
  writePythonFiles(
    blocks.filter(({ file }) => file === "docs/jobs-over-http.md"),
    join(SCRIPTS, "celery"),
  );
  for (const { page, name, block } of ours) {
    const path = join(SCRIPTS, page, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, block.code);
  }
  for (const [page, commands] of Object.entries(WORKERS)) {
    for (const [command = "", ...args] of commands) {
      workers.push(spawn(command, args, { cwd: join(SCRIPTS, page), env, stdio: "ignore" }));
    }
  }
});

afterAll(async () => {
  for (const worker of workers) if (worker.kill("SIGKILL")) await once(worker, "exit");
  await server.stop();
  rmSync(SCRIPTS, { recursive: true, force: true });
});

describe("the pages for users of other queues", () => {
  test("say whose code each block is", () => {
    expect(code.filter(({ queue }) => queue === "").map(({ block }) => block)).toEqual([]);
  });

  test("have ours behind what it stands for", () => {
    const alone = code
      .filter(({ queue }) => !queue.includes(OURS))
      .filter(({ block, next }) => next?.file !== block.file || LABEL.exec(next.code)?.[1] !== OURS);

    expect(alone.map(({ block }) => block.code)).toEqual([]);
  });

  test("have code that can be parsed", async () => {
    const [typescript, python] = ["ts", "python"].map((language) => {
      return code.filter(({ block }) => block.language === language).map(({ block }) => block.code);
    });
    const parsing = run("python3", ["-c", "import ast, json, sys\nfor code in json.load(sys.stdin): ast.parse(code)"]);
    parsing.child.stdin?.end(JSON.stringify(python));

    for (const text of typescript ?? []) expect(() => stripTypeScriptTypes(text)).not.toThrow();
    await expect(parsing).resolves.toMatchObject({ stderr: "" });
  });

  test.each(programs)("$page: $name prints what it says", async ({ page, name, next }) => {
    const [command, ...options] = name.endsWith(".py") ? ["python3"] : [process.execPath, FROM_SOURCE];

    const { stdout } = await run(command as string, [...options, name], { cwd: join(SCRIPTS, page), env });

    expect(stdout).toBe(next?.code);
  });
});
