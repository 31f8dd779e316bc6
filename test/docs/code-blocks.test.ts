import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DataDirectory } from "../../src/local/data-directory.ts";
import { Server } from "../../src/local/server.ts";
import { RawSocket } from "../support/raw-socket.ts";

const ROOT = join(import.meta.dirname, "../..");
const AUTHKEY = "docs";
const run = promisify(execFile);

interface CodeBlock {
  file: string;
  language: string;
  code: string;
}

const documents = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "worker-client/README.md"].concat(
  globSync("docs/**/*.md", { cwd: ROOT }),
);
const blocks = documents.flatMap((file): CodeBlock[] =>
  [...readFileSync(join(ROOT, file), "utf8").matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map((match) => ({
    file,
    language: match[1] as string,
    code: match[2] as string,
  })),
);

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
  const { stdout } = await run(process.execPath, ["--conditions=source", write(block)], { env });
  return stdout;
}

/** Runs a program that does not end by itself. */
function start(block: CodeBlock): ChildProcess {
  return spawn(process.execPath, ["--conditions=source", write(block)], { env, stdio: "ignore" });
}

describe("the documents", () => {
  test("have code blocks of no other kind than these", () => {
    expect(new Set(blocks.map(({ language }) => language))).toEqual(new Set(["text", "sh", "ts"]));
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

  test("show npm commands that other checks run", () => {
    const commands = blocks.filter(({ language, code }) => language === "sh" && code.startsWith("npm "));
    const continuousIntegration = readFileSync(join(ROOT, ".ci/run"), "utf8");
    const testOfStart = "test/local/start.test.ts";

    const unchecked = commands
      .map(({ code }) => code.trim())
      .filter((command) => !continuousIntegration.split("\n").includes(command))
      .filter((command) => command !== "npm start" || !existsSync(join(ROOT, testOfStart)));

    expect(unchecked).toEqual([]);
  });
});

describe("the README", () => {
  test("has a master and a worker that do the job together", async () => {
    const [master, worker] = blocks.filter(({ file, language }) => file === "README.md" && language === "ts");

    const masterIsDone = runProgram(master as CodeBlock);
    const working = start(worker as CodeBlock);
    const output = await masterIsDone;
    working.kill();

    expect(output).toBe("Result: 3 * 3 = 9\nResult: 4 * 4 = 16\nResult: 5 * 5 = 25\n");
  });

  test("puts a task with curl", async () => {
    const [curl] = blocks.filter(({ file, code }) => file === "README.md" && code.startsWith("curl"));

    const { stdout } = await run("/bin/sh", ["-c", (curl as CodeBlock).code], { env });

    expect(JSON.parse(stdout)).toEqual({ ids: [expect.any(String)] });
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
      texts.map((text) => text.replace(/"\w+(-\d-\d)/g, '"queue$1').replace(/1\d{9}[.\d]*/g, "0"));
    expect(told(lines.map((line) => JSON.stringify(line)))).toEqual(told(answer.split("\n")));
  });
});

describe("the client's README", () => {
  test("puts, gets and reports done", async () => {
    const [program] = blocks.filter(({ file, language }) => file === "worker-client/README.md" && language === "ts");

    expect(await runProgram(program as CodeBlock)).toBe("https://example.com/\n");
  });
});
