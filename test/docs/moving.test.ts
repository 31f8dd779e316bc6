/**
 * The pages of docs/moving: what users of other queues have beside what they write here. Ours runs and prints what the page
 * shows; theirs, whose packages are not installed here, is at least well-formed.
 */
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startServer, type TestServer } from "../../worker-client/testing/index.ts";
import { blocks, type CodeBlock } from "../support/code-blocks.ts";

const run = promisify(execFile);
const SCRIPTS = join(import.meta.dirname, "../../test-results/moving");
const OURS = "durable-queue";

/** What stands above the code: whose it is, and the name of its file if other blocks import it. */
const LABEL = /^(?:\/\/|#) ([^,\n]+)(?:, (\S+))?\n/;

let server: TestServer;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  server = await startServer();
  env = { ...process.env, DURABLE_QUEUE_ADDRESS: server.address, DURABLE_QUEUE_AUTHKEY: server.authkey };
});

afterAll(() => server.stop());

/** A block of code of a page, and what follows it. */
interface Side {
  page: string;
  /** Whose code it is: `durable-queue`, or another queue's. */
  queue: string;
  block: CodeBlock;
  next: CodeBlock | undefined;
  /** The name of its file. */
  name: string;
}

const sides = blocks
  .filter(({ file }) => file.startsWith("docs/moving/"))
  .map((block, index, all): Side => {
    const page = basename(block.file, ".md");
    const [, queue = "", file] = LABEL.exec(block.code) ?? [];
    return { page, queue, block, next: all[index + 1], name: file ?? `block-${index}.ts` };
  });
const code = sides.filter(({ block }) => ["ts", "python"].includes(block.language));
const programs = code.filter(({ queue, block, next }) => {
  return queue === OURS && block.language === "ts" && next?.language === "text" && next.file === block.file;
});

describe("the pages about moving", () => {
  test("say whose code each block is", () => {
    expect(code.filter(({ queue }) => queue === "").map(({ block }) => block)).toEqual([]);
  });

  test("have ours behind what it stands for", () => {
    const alone = code
      .filter(({ queue }) => queue !== OURS && !queue.includes(OURS))
      .filter(({ block, next }) => next === undefined || next.file !== block.file || LABEL.exec(next.code)?.[1] !== OURS);

    expect(alone.map(({ block }) => block.code)).toEqual([]);
  });

  test("have code that can be parsed", async () => {
    for (const { block } of code.filter(({ block }) => block.language === "ts")) stripTypeScriptTypes(block.code);
    const parse = "import ast, json, sys\nfor code in json.load(sys.stdin): ast.parse(code)";
    const parsing = run("python3", ["-c", parse]);
    parsing.child.stdin?.end(JSON.stringify(code.filter(({ block }) => block.language === "python").map(({ block }) => block.code)));

    await expect(parsing).resolves.toMatchObject({ stderr: "" });
  });

  test.each(programs)("$page: $name prints what it says", async ({ page, name, block, next }) => {
    const folder = join(SCRIPTS, page);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, name), block.code);

    const { stdout } = await run(process.execPath, ["--conditions=durable-queue-source", join(folder, name)], { env });

    expect(stdout).toBe(next?.code);
  });
});
