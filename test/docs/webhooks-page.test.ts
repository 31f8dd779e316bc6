/** The blocks of docs/push/webhooks.md: receivers as their users would write them, to which a server pushes. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import type { Queue } from "../../worker-client/src/index.ts";
import { blocks } from "../support/code-blocks.ts";
import { AUTHKEY, freshName, TestServer } from "../support/server.ts";
import { Receiver } from "../support/webhooks/receiver.ts";

const ROOT = join(import.meta.dirname, "../..");
const FOLDER = join(ROOT, "test-results/webhooks");
const CLI = join(ROOT, "worker-client/cli/index.ts");
const SOURCES = "--conditions=durable-queue-source";

const ofPage = blocks.filter(({ file }) => file === "docs/push/webhooks.md");
const codeOf = (language: string): string[] =>
  ofPage.filter((block) => block.language === language).map(({ code }) => code);
const [configure = "", node = "", hono = ""] = codeOf("ts");
const [python = ""] = codeOf("python");
const [commands = "", byHand = "", allow = ""] = codeOf("sh");

const SECRET = `whsec_${btoa("s".repeat(32))}`;

const server = new TestServer({ allowPrivateWebhooks: true });
beforeAll(async () => {
  mkdirSync(FOLDER, { recursive: true });
  await server.start();
});
afterAll(async () => {
  await server.remove();
  rmSync(FOLDER, { recursive: true });
});

const clientEnvironment = () => ({
  ...process.env,
  DURABLE_QUEUE_ADDRESS: server.address,
  DURABLE_QUEUE_AUTHKEY: AUTHKEY,
});

function written(name: string, code: string): string {
  const path = join(FOLDER, name);
  writeFileSync(path, code);
  return path;
}

/** A port that nothing listens on. */
async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((listening) => probe.listen(0, "127.0.0.1", listening));
  const { port } = probe.address() as AddressInfo;
  await new Promise((closed) => probe.close(closed));
  return port;
}

/** Starts a receiver of the page, and pushes a queue to it. Returns what it printed. */
async function pushedTo(command: string, args: string[]): Promise<{ queue: Queue<unknown>; printed: () => string }> {
  const port = await freePort();
  const env = { ...process.env, PORT: String(port), WEBHOOK_SECRET: SECRET };
  const receiver: ChildProcess = spawn(command, args, { env, stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void receiver.kill());
  let text = "";
  receiver.stdout?.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  await expect.poll(() => statusOf(port)).toBe(401);
  const queue = server.manager().queue<unknown>(freshName());
  await queue.configure({ push: { url: `http://127.0.0.1:${port}/`, secret: SECRET } });
  return { queue, printed: () => text };
}

/** What a receiver answers to a request that is not signed. */
async function statusOf(port: number): Promise<number> {
  const request = { method: "POST", body: '{"messages":[]}', headers: { "webhook-id": "x" } };
  return (await fetch(`http://127.0.0.1:${port}/`, request).catch(() => ({ status: 0 }))).status;
}

test.for([
  ["Node", process.execPath, () => [SOURCES, written("receiver.ts", node)]],
  ["Python", "python3", () => [written("receiver.py", python)]],
] as const)("the receiver in %s takes what is signed, and refuses what is not", async ([, command, argsOf]) => {
  const { queue, printed } = await pushedTo(command, argsOf());
  const [id] = await queue.putMany([{ to: "ada" }, { to: "grace" }]);
  await queue.join();

  await expect.poll(printed).toMatch(new RegExp(`^${id} ada$`, "m"));
  expect(await queue.describe()).toMatchObject({ done: 2, dead: 0 });
});

test("the receiver in Hono retries and rejects single messages, and refuses what is not signed", async () => {
  const { default: app } = (await import(written("hono.ts", hono))) as { default: { request: typeof fetch } };
  const request = app.request as (path: string, init: object, env: object) => Promise<Response>;
  const receiver = await Receiver.start();
  onTestFinished(() => receiver.stop());
  receiver.answer = async (response, { headers, text }) => {
    const init = { method: "POST", headers, body: text };
    const answer = await request("/hooks/emails", init, { WEBHOOK_SECRET: SECRET });
    response.writeHead(answer.status, { "content-type": "application/json" }).end(await answer.text());
  };
  const queue = server.manager().queue<unknown>(freshName());
  await queue.pause({ only: "receives" });
  await queue.configure({ push: { url: receiver.url, secret: SECRET, batchSize: 10 } });
  await queue.putMany([{ to: "ada" }, { to: "busy" }, { to: "gone" }]);
  await queue.resume();

  await expect.poll(() => queue.describe()).toMatchObject({ done: 1, delayed: 1, dead: 1 });
  expect((await request("/hooks/emails", { method: "POST", body: "{}" }, { WEBHOOK_SECRET: SECRET })).status).toBe(401);
});

test("the webhook is configured from a program and from the command line", async () => {
  const receiver = await Receiver.start();
  onTestFinished(() => receiver.stop());
  const env = { ...clientEnvironment(), WEBHOOK_URL: receiver.url };
  const program = await promisify(execFile)(process.execPath, [SOURCES, written("configure.ts", configure)], { env });
  const outputs: string[] = [];
  for (const line of commands.trim().split("\n")) {
    const shell = `durable-queue() { "${process.execPath}" ${SOURCES} "${CLI}" "$@"; }\n${line}`;
    outputs.push((await promisify(execFile)("bash", ["-c", shell], { env })).stdout);
  }

  expect(program.stdout).toMatch(/^whsec_\S{44}\n$/);
  expect(outputs.map((output) => JSON.parse(output).push)).toMatchObject([
    { url: receiver.url, batchSize: 10, timeoutSeconds: 30 },
    { url: receiver.url, concurrency: 5 },
    null as unknown as object,
  ]);
});

test("a signature by hand is that of the request", async () => {
  const receiver = await Receiver.start();
  onTestFinished(() => receiver.stop());
  const queue = server.manager().queue<unknown>(freshName());
  await queue.configure({ push: { url: receiver.url, secret: SECRET } });
  await queue.put({ to: "ada" });
  await queue.join();
  const [{ headers, text }] = receiver.sent as [(typeof receiver.sent)[number]];
  writeFileSync(join(FOLDER, "body.json"), text);
  const env = {
    ...process.env,
    WEBHOOK_SECRET: SECRET,
    ID: String(headers["webhook-id"]),
    TIMESTAMP: String(headers["webhook-timestamp"]),
  };
  const { stdout } = await promisify(execFile)("sh", ["-c", byHand], { env, cwd: FOLDER });

  expect(`v1,${stdout.trim()}`).toBe(headers["webhook-signature"]);
});

test("the flag of the page is one of the command", async () => {
  const [, command = "", flag = ""] = allow.trim().split(" ");
  const { stdout } = await promisify(execFile)(process.execPath, [SOURCES, CLI, command, "--help"]);

  expect(stdout).toContain(flag);
});
