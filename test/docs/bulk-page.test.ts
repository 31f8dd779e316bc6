/** The commands of docs/bulk.md, run one after the other in a folder of their own. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { blocks } from "../support/code-blocks.ts";
import { AUTHKEY, TestServer } from "../support/server.ts";

const ROOT = join(import.meta.dirname, "../..");
const server = new TestServer();
const folder = mkdtempSync(join(tmpdir(), "durable-queue-bulk-page-"));
const page = blocks.filter(({ file }) => file === "docs/bulk.md");
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  await server.start();
  // `durable-queue` as npm would put it on the path.
  const bin = join(folder, "bin");
  mkdirSync(bin);
  const program = join(ROOT, "dist/worker-client/cli/index.js");
  writeFileSync(
    join(bin, "durable-queue"),
    `#!/bin/sh\nexec "${process.execPath}" --conditions=durable-queue-source "${program}" "$@"\n`,
  );
  chmodSync(join(bin, "durable-queue"), 0o755);
  const client = { DURABLE_QUEUE_ADDRESS: server.address, DURABLE_QUEUE_AUTHKEY: AUTHKEY };
  env = { ...process.env, ...client, PATH: `${bin}${delimiter}${process.env.PATH}` };
});

afterAll(async () => {
  await server.remove();
  rmSync(folder, { recursive: true });
});

/** What follows a block of the page, if it is text. */
function textAfter(index: number): string | undefined {
  const next = page[index + 1];
  return next?.language === "text" ? next.code : undefined;
}

/** Starts the command, and ends it by Ctrl-C when it has printed so many lines. */
async function outputUntil(command: string, lines: number): Promise<string> {
  const child: ChildProcess = spawn("/bin/sh", ["-c", command], { env, cwd: folder, detached: true });
  const ended = once(child, "close");
  let output = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    output += chunk.toString();
    if (output.split("\n").length > lines) process.kill(-(child.pid as number), "SIGINT");
  });
  await ended;
  return output;
}

test("the commands of the page print what it shows", async () => {
  const [put, messages, copy, work] = page.flatMap(({ language, code }, index) =>
    language === "sh" ? [{ code, text: textAfter(index) ?? "" }] : [],
  );
  const run = async (code = "") => (await promisify(execFile)("/bin/sh", ["-c", code], { env, cwd: folder })).stdout;
  writeFileSync(join(folder, "send-email.ts"), page.find(({ language }) => language === "ts")?.code ?? "");

  expect(await run(put?.code)).toBe(put?.text);
  expect(JSON.parse(await run(messages?.code))).toMatchObject({ put: 1 });
  await run(copy?.code);
  const exported = readFileSync(join(folder, "emails.export"), "utf8").split("\n");
  const printed = await outputUntil(work?.code ?? "", 2);

  const likeThePage = exported[0]?.replace(/"0\.\w+-/, '"0.k3x9-').replace(/"putAt":[\d.]+/, '"putAt":1795749266.326');
  expect(`${likeThePage}\n`).toBe(page.find(({ code }) => code.startsWith('{"body"'))?.code);
  expect(exported).toHaveLength(4);
  expect(await server.manager().queue("copies").describe()).toMatchObject({ visible: 2, delayed: 1 });
  // Two processes may print in any order.
  expect(printed.split("\n").toSorted()).toEqual(work?.text.split("\n").toSorted());
});
