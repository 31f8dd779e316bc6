/** The Workers of docs/push.md, as their users would write them: compiled, and run by wrangler. */
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { createTestHarness } from "wrangler";
import { QueueManager } from "../../worker-client/src/index.ts";
import { blocks } from "../support/code-blocks.ts";

const ROOT = join(import.meta.dirname, "../..");
const PROJECT = join(ROOT, "test-results/push-page");
const AUTHKEY = "the-key-of-the-shop";

/** What stands for the package, which is not installed here. */
const PACKAGE = {
  "durable-queue/server": join(ROOT, "src/server.ts"),
  "durable-queue/tasks": join(ROOT, "worker-client/src/tasks/index.ts"),
};

const CONFIGURATION = {
  name: "shop",
  main: "src/index.ts",
  compatibility_date: "2026-11-24",
  exports: {
    QueueObject: { type: "durable-object", storage: "sqlite" },
    DirectoryObject: { type: "durable-object", storage: "sqlite" },
  },
  alias: PACKAGE,
};

const [emails = "", images = ""] = blocks
  .filter(({ file, language }) => file === "docs/push.md" && language === "ts")
  .map(({ code }) => code);

beforeAll(() => {
  mkdirSync(join(PROJECT, "src"), { recursive: true });
  writeFileSync(join(PROJECT, "src/index.ts"), emails);
  writeFileSync(join(PROJECT, "src/images.ts"), images);
});
afterAll(() => rmSync(PROJECT, { recursive: true }));

/** Serves a Worker of the page. */
async function serve(main: string, vars: object, basePath = ""): Promise<{ manager: QueueManager; origin: string }> {
  const configPath = join(PROJECT, `wrangler-${main.replace(/\W/g, "-")}.json`);
  writeFileSync(configPath, JSON.stringify({ ...CONFIGURATION, main, vars: { AUTHKEY, ...vars } }));
  const harness = createTestHarness({ workers: [{ configPath }] });
  onTestFinished(() => harness.close());
  const { origin } = (await harness.listen()).url;
  const manager = new QueueManager({ address: `${origin}${basePath}`, authkey: AUTHKEY, transport: "http" });
  onTestFinished(() => manager.close());
  return { manager, origin };
}

/** A mailer that answers with these statuses first, as one that is busy or broken. */
async function mailer(statuses: number[]): Promise<{ url: string; mails: string[] }> {
  const mails: string[] = [];
  const server = createServer(async (request, response) => {
    for await (const chunk of request) mails.push(String(chunk));
    response.writeHead(statuses.shift() ?? 200).end();
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, mails };
}

test("the Workers of the page compile", async () => {
  const paths = Object.fromEntries(Object.entries(PACKAGE).map(([name, path]) => [name, [path]]));
  const tsconfig = {
    extends: "../../src/tsconfig.json",
    compilerOptions: { paths },
    include: ["src"],
    exclude: [],
  };
  writeFileSync(join(PROJECT, "tsconfig.json"), JSON.stringify(tsconfig));

  await promisify(execFile)(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", PROJECT]);
});

test("the Worker of the page sends each mail, and tries once more where the mailer fails", async () => {
  const { url, mails } = await mailer([500]);
  const queue = (await serve("src/index.ts", { MAILER: url }, "/queues")).manager.queue("emails");
  await queue.configure({ retryDelaySeconds: 0 });

  await queue.put({ to: "ada" });

  await expect.poll(() => queue.describe()).toMatchObject({ done: 1, push: { kind: "worker", batchSize: 10 } });
  expect(mails).toEqual(['{"to":"ada"}', '{"to":"ada"}']);
});

test("the command of the page puts a mail, which is sent", async () => {
  const { url, mails } = await mailer([]);
  const { origin } = await serve("src/index.ts", { MAILER: url }, "/queues");
  const command = /`(curl [^`]+)`/.exec(readFileSync(join(ROOT, "docs/push.md"), "utf8"))?.[1] ?? "";

  await promisify(execFile)("bash", ["-c", command.replace("http://127.0.0.1:8787", origin)], {
    env: { ...process.env, AUTHKEY },
  });

  await expect.poll(() => mails).toEqual(['{"to":"ada"}']);
});

test("a mailer that is busy is asked later", async () => {
  const { url } = await mailer([429]);
  const queue = (await serve("src/index.ts", { MAILER: url }, "/queues")).manager.queue("emails");

  await queue.put({ to: "ada" });

  await expect.poll(() => queue.describe()).toMatchObject({ delayed: 1 });
});

test("the Worker with tasks does jobs, and keeps their results", async () => {
  const queue = (await serve("src/images.ts", {})).manager.queue("images");

  const id = await queue.put("https://a.example/1.png", { headers: { "dq-task": "measure" } });

  expect(await queue.result(id, { timeoutSeconds: 30 })).toEqual({ characters: 23 });
});
