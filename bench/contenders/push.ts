// Push consumers: a queue of ours and one of Cloudflare Queues, as miniflare has it, in one Worker and with one handler; and
// the same Worker with ours as `durable-queue dev` serves it.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createTestHarness } from "wrangler";
import { buildWorker, WORKER, type WorkerBuild } from "../../src/local/build-worker.ts";
import { DataDirectory } from "../../src/local/data-directory.ts";
import { Server } from "../../src/local/server.ts";
import type { Connection, Contender, RunningServer } from "../contender.ts";

const require = createRequire(import.meta.url);
const ROOT = join(import.meta.dirname, "../..");

const BUILD: WorkerBuild = {
  entry: "bench/push-worker/index.ts",
  bundle: "dist/push-bench",
  sources: [...WORKER.sources, "worker-client/push", "bench/push-worker"],
};

const OURS = "durable-queue";

/** The address has the name of the queue behind it, for the paths of the Worker. */
function running(origin: string, queue: string, rest: Pick<RunningServer, "pid" | "stop">): RunningServer {
  const rowsWritten = async () => (await (await fetch(`${origin}/rows`)).json()) as number;
  return { address: `${origin} ${queue}`, ...rest, ...(queue === OURS ? { rowsWritten } : {}) };
}

/** The runtime with both queues. Its objects are in files, in a directory of its own beside that of other contenders. */
async function startHarness(queue: string): Promise<RunningServer> {
  const harness = createTestHarness({
    workers: [{ configPath: `${import.meta.dirname}/../push-worker/wrangler.jsonc` }],
  });
  const { url } = await harness.listen();
  // The harness does not tell the id of the runtime's process.
  return running(url.origin, queue, { pid: process.pid, stop: () => harness.close() });
}

async function startServer(path: string): Promise<RunningServer> {
  await buildWorker({}, BUILD);
  const config = join(ROOT, BUILD.bundle, "workerd.capnp");
  const served = readFileSync(join(ROOT, "src/local/workerd.capnp"), "utf8");
  writeFileSync(config, served.replace(`embed "../../${WORKER.bundle}/index.js"`, 'embed "index.js"'));
  const place = { host: "127.0.0.1", port: 0, authkey: "bench", directory: new DataDirectory(path) };
  const server = await Server.start({ ...place, config });
  return running(server.address, OURS, { pid: server.pid, stop: () => server.stop() });
}

function versionOf(name: string): string {
  return `${name} ${(require(`${name}/package.json`) as { version: string }).version}`;
}

const inWorker = {
  durability: "fsync before each confirm",
  isDurable: true,
  only: ["push", "lone-push"],
  version: async () => versionOf("wrangler"),
  connect: async (): Promise<Connection> => {
    throw new Error("The Worker puts and handles by itself.");
  },
};

export const contenders: readonly Contender[] = [
  {
    ...inWorker,
    name: "durable-queue-push",
    title: "durable-queue, in miniflare",
    start: () => startHarness(OURS),
  },
  {
    ...inWorker,
    name: "durable-queue-push-workerd",
    title: "durable-queue, in workerd",
    version: async () => versionOf("workerd"),
    start: startServer,
  },
  {
    ...inWorker,
    name: "cloudflare-queues",
    title: "Cloudflare Queues, in miniflare",
    durability: "never stored",
    isDurable: false,
    start: () => startHarness("cloudflare-queues"),
  },
];
