import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DataDirectory } from "../../src/local/data-directory.ts";
import { Server } from "../../src/local/server.ts";
import { blocks, type CodeBlock, documents } from "../support/code-blocks.ts";
import { RawSocket } from "../support/sockets/raw-socket.ts";

const ROOT = join(import.meta.dirname, "../..");
const AUTHKEY = "docs";
const run = promisify(execFile);

const directory = new DataDirectory(mkdtempSync(join(tmpdir(), "durable-queue-docs-")));
const scripts = join(ROOT, "test-results/docs");
let server: Server;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  mkdirSync(scripts, { recursive: true });
  server = await Server.start({ host: "127.0.0.1", port: 0, authkey: AUTHKEY, directory });
  env = { ...process.env, DURABLE_QUEUE_ADDRESS: server.address, DURABLE_QUEUE_AUTHKEY: AUTHKEY };
});

afterAll(async () => {
  await server.stop();
  rmSync(directory.path, { recursive: true });
});

function write({ file, code }: CodeBlock): string {
  const path = join(scripts, `${file.replaceAll("/", "-")}-${blocks.findIndex((block) => block.code === code)}.ts`);
  writeFileSync(path, code);
  return path;
}

async function runProgram(block: CodeBlock): Promise<string> {
  const { stdout } = await run(process.execPath, ["--conditions=durable-queue-source", write(block)], { env });
  return stdout;
}

/** Pages of the command line, of servers and of other languages: a test of their own runs all that each shows. */
const RUN_AS_A_WHOLE = [
  "docs/bulk.md",
  "docs/command-line.md",
  "docs/embedding.md",
  "docs/jobs-over-http.md",
  ...documents.filter((file) => file.startsWith("docs/moving/")),
  "docs/operations.md",
  "docs/push.md",
  "docs/push/webhooks.md",
  "docs/scaling/cpu-and-io.md",
];

describe("the documents", () => {
  test("have code blocks of no other kind than these", () => {
    expect(new Set(blocks.map(({ language }) => language))).toEqual(new Set(["text", "sh", "ts", "jsonc", "python"]));
  });

  test("link only to what there is", () => {
    const broken = documents.flatMap((file) =>
      [...readFileSync(join(ROOT, file), "utf8").matchAll(/\]\(([^)#:]+)\)/g)]
        .map((match) => join(dirname(file), match[1] as string))
        .filter((target) => !existsSync(join(ROOT, target)))
        .map((target) => `${file} links to ${target}`),
    );

    expect(broken).toEqual([]);
  });

  test("name only files that there are", () => {
    const missing = documents.flatMap((file) =>
      [...readFileSync(join(ROOT, file), "utf8").matchAll(/`((?:src|test|docs|examples|worker-client)\/[\w./-]+)`/g)]
        .map((match) => match[1] as string)
        .filter((path) => !existsSync(join(ROOT, path)))
        .map((path) => `${file} names ${path}`),
    );

    expect(missing).toEqual([]);
  });

  test("show commands that are run by a check", () => {
    const continuousIntegration = readFileSync(join(ROOT, ".ci/run"), "utf8").split("\n");
    const tested = {
      "npm start": "test/local/start.test.ts",
      "npx durable-queue keys new --name mail-worker --scopes receive --queues mail. --until 2030-01-31":
        "test/local/new-key.test.ts",
      "npm pack --silent --pack-destination ..": "test/docs/readme-example.test.ts",
      "npx durable-queue dev": "test/docs/readme-example.test.ts",
      "node --env-file=.data/client.env worker.ts": "test/docs/readme-example.test.ts",
      "node --env-file=.data/client.env producer.ts": "test/docs/readme-example.test.ts",
    };

    const unchecked = blocks
      .filter(({ language, file }) => language === "sh" && !RUN_AS_A_WHOLE.includes(file))
      .map(({ code }) => code.split("\n")[0] as string)
      .filter((line) => !continuousIntegration.includes(line) && !(line in tested) && !line.startsWith("curl "));

    expect(unchecked).toEqual([]);
    expect(Object.values(tested).filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
  });

  test("put tasks with curl", async () => {
    const curls = blocks.filter(({ code }) => code.startsWith("curl "));
    writeFileSync(join(scripts, "messages.json"), JSON.stringify({ messages: [{ body: "a file" }] }));

    const answers = await Promise.all(curls.map(({ code }) => run("/bin/sh", ["-c", code], { env, cwd: scripts })));

    expect(answers.map(({ stdout }) => JSON.parse(stdout))).toEqual(curls.map(() => ({ ids: [expect.any(String)] })));
  });
});

describe("the page of the socket", () => {
  test("has a frame, and what comes of it", async () => {
    const [example] = blocks.filter(({ file }) => file === "docs/socket.md");
    const [frame, answer] = (example as CodeBlock).code.trimEnd().split("\n\n") as [string, string];
    const socket = await RawSocket.open(server.address, "example", AUTHKEY);

    socket.say(frame);
    const lines = [await socket.next(), await socket.next()];
    await socket.close();

    const told = (texts: string[]) =>
      texts.map((text) => text.replace(/"0\.\w+(-\d-\d)/g, '"queue$1').replace(/1\d{9}[.\d]*/g, "0"));
    expect(told(lines.map((line) => JSON.stringify(line)))).toEqual(told(answer.split("\n")));
  });
});

/** Programs of the pages, each with the text that follows it: what it prints. */
const programs = blocks.flatMap((block, index) => {
  const next = blocks[index + 1];
  const printed = next?.file === block.file && next.language === "text" ? next.code : undefined;
  // What is taken from a project runs there, in testing-projects.test.ts.
  const isOfProject = block.code.startsWith("// examples/");
  const isProgram = block.language === "ts" && block.file.startsWith("docs/") && !isOfProject;
  return isProgram && !RUN_AS_A_WHOLE.includes(block.file) ? [{ name: block.file, block, printed }] : [];
});

describe("the programs of the pages", () => {
  test.each(programs)("$name: one prints what it says", async ({ block, printed }) => {
    expect(await runProgram(block)).toBe(printed);
  });
});
