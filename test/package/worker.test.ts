/** The package in the Workers of users, as it is published: bundled by wrangler without flags of Node, and run. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestHarness } from "wrangler";
import { PackedPackage } from "../support/projects/packed-package.ts";

const ROOT = join(import.meta.dirname, "../..");

/** Bounds of bundles as they are uploaded, in KiB after gzip. The server is mostly zod, hono and itself. */
const SERVER_KIB_MAX = 260;
const SERVICE_KIB_MAX = 58;

const SERVER = `
import { Hono } from "hono";
import { queuesMiddleware } from "durable-queue/hono";
import { durableQueue } from "durable-queue/server";
const queues = durableQueue({ basePath: "/queues" });
export class QueueObject extends queues.QueueObject {}
export class DirectoryObject extends queues.DirectoryObject {}
export class QueueService extends queues.QueueService {}
const app = new Hono().use("/queues/*", queuesMiddleware(queues));
app.get("/got", async (c) => c.json(await queues.of(c.env, c.executionCtx).queue("emails").get()));
export default app;
`;

const SERVICE = `
import { Full } from "durable-queue";
import { fromService } from "durable-queue/server";
export default {
  async fetch(_, env) {
    const queue = fromService(env.QUEUES).queue("emails");
    try {
      return new Response(await queue.putNowait({ to: "ada" }));
    } catch (error) {
      return new Response(error instanceof Full ? "full" : error.message);
    }
  },
};
`;

const STORED = { type: "durable-object", storage: "sqlite" };
const props = { queues: ["emails"], scopes: ["put"] };

let project: string;
let configPaths: string[];

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), "durable-queue-workers-"));
  new PackedPackage().install(project, ["hono", "zod"]);
  const write = (name: string, program: string, settings: object) => {
    writeFileSync(join(project, `${name}.mjs`), program);
    const configPath = join(project, `${name}.json`);
    writeFileSync(
      configPath,
      JSON.stringify({ name, main: `${name}.mjs`, compatibility_date: "2026-11-24", ...settings }),
    );
    return configPath;
  };
  const services = [{ binding: "QUEUES", service: "server", entrypoint: "QueueService", props }];
  configPaths = [
    write("service", SERVICE, { services }),
    write("server", SERVER, { exports: { QueueObject: STORED, DirectoryObject: STORED } }),
  ];
}, 120_000);

afterAll(() => rmSync(project, { recursive: true }));

/** The bundle of a Worker, and its size in KiB after gzip. */
function bundled(name: string): { code: string; kib: number } {
  const wrangler = join(ROOT, "node_modules/wrangler/bin/wrangler.js");
  const options = ["deploy", "--dry-run", "-c", `${name}.json`, "--outdir", `out-${name}`];
  const env = { ...process.env, WRANGLER_SEND_METRICS: "false" };
  const printed = execFileSync(process.execPath, [wrangler, ...options], { cwd: project, encoding: "utf8", env });
  const code = readFileSync(join(project, `out-${name}`, `${name}.js`), "utf8");
  return { code, kib: Number(/gzip: ([\d.]+) KiB/.exec(printed)?.[1]) };
}

test.each([
  ["server", SERVER_KIB_MAX],
  ["service", SERVICE_KIB_MAX],
])("a Worker with the %s imports no module but those of the platform, and is small", (name, kibMax) => {
  const { code, kib } = bundled(name);

  const imported = [...code.matchAll(/(?:\bfrom|\bimport\(|\brequire\()\s*"([^"./][^"]*)"/g)].map(
    ([, module]) => module,
  );
  expect(new Set(imported)).toEqual(new Set(["cloudflare:workers"]));
  expect(kib).toBeGreaterThan(1);
  expect(kib).toBeLessThan(kibMax);
});

test("one Worker puts through the service of the other, which gets by binding, below an application of Hono", async () => {
  const harness = createTestHarness({ workers: configPaths.map((configPath) => ({ configPath })) });
  try {
    const { url } = await harness.listen();

    expect(await (await fetch(url)).text()).toMatch(/^0\./);
    expect(await (await harness.getWorker("server").fetch("https://server.test/got")).json()).toEqual({ to: "ada" });
    const refused = await harness.getWorker("server").fetch("https://server.test/queues/v1/queues");
    expect(await refused.json()).toMatchObject({ code: "no_authkey" });
  } finally {
    await harness.close();
  }
});
