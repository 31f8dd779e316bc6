/** The Workers of docs/moving/cloudflare-queues.md, theirs and ours, compiled and run by wrangler. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, onTestFinished, test } from "vitest";
import { createTestHarness } from "wrangler";
import { blocks } from "../support/code-blocks.ts";

const ROOT = join(import.meta.dirname, "../..");
const PROJECTS = join(ROOT, "test-results/moving-worker");

/** What stands for the package, which is not installed here. */
const PACKAGE = join(ROOT, "src/server.ts");

const page = blocks.filter(({ file }) => file === "docs/moving/cloudflare-queues.md");

/** The block that begins with this comment, without it. */
function block(label: string): string {
  const comment = `// ${label}\n`;
  const found = page.find(({ code }) => code.startsWith(comment));
  if (found === undefined) throw new Error(`The page has no block "${label}".`);
  return found.code.slice(comment.length);
}

const THEIRS = { worker: block("Cloudflare Queues, src/index.ts"), settings: JSON.parse(block("Cloudflare Queues")) };
const OURS = { worker: block("durable-queue, src/index.ts"), settings: JSON.parse(block("durable-queue")) };
const BOTH = {
  worker: block("Cloudflare Queues to durable-queue, src/both.ts"),
  settings: { ...THEIRS.settings, ...OURS.settings },
};
const WORKERS = { theirs: THEIRS, ours: OURS, both: BOTH };

afterAll(() => rmSync(PROJECTS, { recursive: true, force: true }));

/** Writes a file of a project. */
function write(path: string, text: string): string {
  mkdirSync(dirname(join(PROJECTS, path)), { recursive: true });
  writeFileSync(join(PROJECTS, path), text);
  return join(PROJECTS, path);
}

/** A mailer that is busy at first, and fails once. Its address, and to whom it has sent mails. */
async function startMailer(): Promise<{ address: string; sent: string[] }> {
  const sent: string[] = [];
  const refusals = new Map([
    ["ada@example.com", 429],
    ["eve@example.com", 500],
  ]);
  const server = createServer(async (request, response) => {
    const to = Buffer.concat(await request.toArray()).toString();
    const refusal = refusals.get(to);
    refusals.delete(to);
    if (refusal === undefined) sent.push(to);
    response.writeHead(refusal ?? 200).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sent };
}

/** Serves a Worker of the page. Returns its origin. */
async function serve({ worker, settings }: { worker: string; settings: object }, mailer: string): Promise<string> {
  write("served/src/index.ts", worker);
  const own = { alias: { "durable-queue/server": PACKAGE }, vars: { AUTHKEY: "the-key-of-the-mails", MAILER: mailer } };
  const configPath = write("served/wrangler.json", JSON.stringify({ ...settings, ...own }));
  const harness = createTestHarness({ workers: [{ configPath }] });
  onTestFinished(() => harness.close());
  return (await harness.listen()).url.origin;
}

test("the Workers of the page compile", async () => {
  for (const [name, { worker }] of Object.entries(WORKERS)) write(`compiled/src/${name}.ts`, worker);
  const tsconfig = {
    extends: "../../../src/tsconfig.json",
    compilerOptions: { paths: { "durable-queue/server": [PACKAGE] } },
    include: ["src"],
    exclude: [],
  };
  write("compiled/tsconfig.json", JSON.stringify(tsconfig));

  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  const { stdout } = await promisify(execFile)(process.execPath, [tsc, "-p", join(PROJECTS, "compiled")]).catch(
    (failure: { stdout: string }) => failure,
  );
  expect(stdout).toBe("");
});

test.each(["theirs", "ours"] as const)("%s sends each mail, those that are retried too", async (side) => {
  const mailer = await startMailer();
  const origin = await serve(WORKERS[side], mailer.address);
  const addresses = ["ada@example.com", "bob@example.com", "eve@example.com"];

  const response = await fetch(origin, { method: "POST", body: JSON.stringify(addresses) });

  expect(await response.text()).toBe("The mails are on their way.");
  await expect.poll(() => [...new Set(mailer.sent)].sort(), { timeout: 30_000 }).toEqual(addresses);
});

test("while both queues are used, one handler sends what is in them", async () => {
  const mailer = await startMailer();
  const [line = "", send = ""] = /\/\/ Until it is gone everywhere: (.*)/.exec(BOTH.worker) ?? [];
  const worker = BOTH.worker.replace(line, `if (request.method === "PUT") { ${send} return new Response(); }`);
  const origin = await serve({ ...BOTH, worker }, mailer.address);

  await fetch(origin, { method: "PUT", body: "of the old queue" });
  await fetch(origin, { method: "POST", body: "of the new queue" });

  await expect.poll(() => mailer.sent.sort(), { timeout: 30_000 }).toEqual(["of the new queue", "of the old queue"]);
});
