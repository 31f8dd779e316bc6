// Push consumers: a queue of ours and one of Cloudflare Queues, as miniflare has it, in one Worker and with one handler.
import { createRequire } from "node:module";
import { createTestHarness } from "wrangler";
import type { Connection, Contender, RunningServer } from "../contender.ts";

const require = createRequire(import.meta.url);

/** It says in the names of its paths which of the two queues is meant. */
async function start(queue: string, hasRows: boolean): Promise<RunningServer> {
  const harness = createTestHarness({
    workers: [{ configPath: `${import.meta.dirname}/../push-worker/wrangler.jsonc` }],
  });
  const { url } = await harness.listen();
  return {
    address: `${url.origin} ${queue}`,
    // The harness does not tell that of the runtime.
    pid: process.pid,
    stop: () => harness.close(),
    ...(hasRows ? { rowsWritten: async () => (await (await fetch(`${url.origin}/rows`)).json()) as number } : {}),
  };
}

const inOneWorker = {
  isDurable: false,
  only: ["push", "lone-push"],
  version: async () => `wrangler ${(require("wrangler/package.json") as { version: string }).version}`,
  connect: async (): Promise<Connection> => {
    throw new Error("The Worker puts and handles by itself.");
  },
};

export const contenders: readonly Contender[] = [
  {
    ...inOneWorker,
    name: "durable-queue-push",
    title: "durable-queue, pushed",
    durability: "fsync before each confirm",
    isDurable: true,
    start: () => start("durable-queue", true),
  },
  {
    ...inOneWorker,
    name: "cloudflare-queues",
    title: "Cloudflare Queues in miniflare",
    durability: "never stored",
    start: () => start("cloudflare-queues", false),
  },
];
