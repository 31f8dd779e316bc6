// `npm run test:package`: packs durable-queue as npm would publish it, and installs it from the registry of npm into a fresh
// project. Programs that import it there run against a server: on the oldest Node that is supported and on the latest, on
// Bun, on Deno, and in a Worker, which is the server too. TypeScript checks one against its declarations, in the oldest version that is supported.
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createTestHarness } from "wrangler";
import { startServer } from "../../worker-client/testing/index.ts";
import { PackedPackage, packPackage } from "../support/projects/packed-package.ts";
import { checkTypedProgram } from "./typed-program.ts";

const NODE_VERSIONS = ["22.12.0", "24"];

/** The oldest version with `await using`, which the declarations need. */
const TYPESCRIPT_VERSION = "5.2";

/** Calls of each kind, the same in every runtime. */
const CALLS = `
import { Empty, Full, QueueManager } from "durable-queue";
export async function call(options, name) {
  const manager = new QueueManager(options);
  const queue = manager.queue(name);
  await queue.configure({ maxSize: 2 });
  await queue.putMany([{ n: 1 }, { n: 2 }]);
  const full = await queue.putNowait({ n: 3 }).catch((error) => error instanceof Full);
  const first = await queue.get();
  await queue.taskDone();
  const [second] = await queue.receive({ leaseSeconds: 5 });
  const acked = await second.ack();
  const joined = await queue.join({ timeoutSeconds: 1 });
  await queue.put({ n: 4 });
  const worked = await new Promise((settle) => {
    queue.work((message) => settle(message.item), { signal: AbortSignal.timeout(2_000) });
  });
  const empty = await queue.get({ timeoutSeconds: 0.1 }).catch((error) => error instanceof Empty);
  await manager.close();
  return JSON.stringify({ full, first, second: second.item, acked, joined, worked, empty });
}
`;
const EXPECTED =
  '{"full":true,"first":{"n":1},"second":{"n":2},"acked":true,"joined":true,"worked":{"n":4},"empty":true}';

const PROGRAM = `
import { call } from "./calls.mjs";
const [address, authkey, name] = process.argv.slice(2);
console.log(await call({ address, authkey }, name));
`;

/** A Worker has no sockets of Node: it calls over HTTP. */
const WORKER = `
import { call } from "./calls.mjs";
export default {
  async fetch(request) {
    const { options, name } = await request.json();
    return new Response(await call(options, name));
  },
};
`;

const runBeside = promisify(execFile);
packPackage();
const packed = new PackedPackage();
const project = mkdtempSync(join(tmpdir(), "durable-queue-package-"));
const server = await startServer();

function run(command: string, args: string[]): string {
  return execFileSync(command, args, { cwd: project, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
}

function install(...packages: string[]): void {
  run("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error", "--no-save", packed.tarball, ...packages]);
}

function check(runtime: string, printed: string): void {
  if (printed.trim() !== EXPECTED) throw new Error(`${runtime} printed ${printed}, not ${EXPECTED}`);
  console.log(`${runtime} ok`);
}

function checkProgram(runtime: string, command: string, args: string[]): void {
  const name = runtime.replaceAll(/[^\w.]/g, "-");
  check(runtime, run(join(project, "node_modules", command), [...args, server.address, server.authkey, name]));
}

/** A Worker that is the server: its client is the first Worker. */
const SERVER = `
import { durableQueue } from "durable-queue/server";
const queues = durableQueue({ basePath: "/queues" });
export class QueueObject extends queues.QueueObject {}
export class DirectoryObject extends queues.DirectoryObject {}
export default {
  async fetch(request, env, ctx) {
    return (await queues.fetch(request, env, ctx)) ?? new Response("not a queue", { status: 404 });
  },
};
`;

/** Serves a Worker of the project, bundled by wrangler, until `use` is over. */
async function serve(program: string, settings: object, use: (url: URL) => Promise<void>): Promise<void> {
  // Or wrangler asks a host of Cloudflare where this machine is.
  process.env.CLOUDFLARE_CF_FETCH_ENABLED = "false";
  writeFileSync(join(project, "worker.mjs"), program);
  const config = { name: "user", main: "worker.mjs", compatibility_date: "2026-11-24", ...settings };
  writeFileSync(join(project, "wrangler.json"), JSON.stringify(config));
  const harness = createTestHarness({ workers: [{ configPath: join(project, "wrangler.json") }] });
  try {
    await use((await harness.listen()).url);
  } finally {
    await harness.close();
  }
}

async function checkWorker(): Promise<void> {
  await serve(WORKER, {}, async (url) => {
    const options = { address: server.address, authkey: server.authkey };
    const body = JSON.stringify({ options, name: "worker" });
    check("a Worker as client", await (await fetch(url, { method: "POST", body })).text());
  });
}

async function checkServer(): Promise<void> {
  const storage = { type: "durable-object", storage: "sqlite" };
  const settings = { exports: { QueueObject: storage, DirectoryObject: storage }, vars: { AUTHKEY: "own" } };
  await serve(SERVER, settings, async (url) => {
    const address = new URL("/queues", url).href;
    // Not synchronous: wrangler serves from this process.
    const { stdout } = await runBeside(process.execPath, ["program.mjs", address, "own", "served"], { cwd: project });
    check("a Worker as server", stdout);
  });
}

try {
  const allowed = { node: true, bun: true, deno: true };
  const manifest = { name: "user", private: true, type: "module", allowScripts: allowed };
  writeFileSync(join(project, "package.json"), JSON.stringify(manifest));
  writeFileSync(join(project, "calls.mjs"), CALLS);
  writeFileSync(join(project, "program.mjs"), PROGRAM);

  install(`typescript@${TYPESCRIPT_VERSION}`);
  const tsc = join(project, "node_modules/typescript/bin/tsc");
  checkTypedProgram(project, { module: "nodenext", resolution: "nodenext", tsc });
  console.log(`declarations ok with TypeScript ${TYPESCRIPT_VERSION}`);

  for (const version of NODE_VERSIONS) {
    install(`node@${version}`);
    checkProgram(`Node ${version}`, ".bin/node", ["program.mjs"]);
  }
  install("bun", "deno");
  checkProgram("Bun", ".bin/bun", ["program.mjs"]);
  checkProgram("Deno", ".bin/deno", ["run", "--allow-net=127.0.0.1", "program.mjs"]);
  await checkWorker();
  await checkServer();
} finally {
  await server.stop();
  rmSync(project, { recursive: true });
}
