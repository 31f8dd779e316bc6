/** Crawls the sites of the command line, shows how far it is, and prints what is broken. Ctrl-C ends this, not the crawl. */
import { parseArgs } from "node:util";
import { QueueManager } from "durable-queue";
import { startCrawl, visitsOf } from "./pages.ts";

const SHOW_EVERY_MS = 1_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { depth: { type: "string", default: "20" }, "per-host": { type: "string", default: "2" } },
});
if (positionals.length === 0) {
  console.error("Give the first pages: npm start -- http://127.0.0.1:8001/ --depth 3 --per-host 2");
  process.exit(2);
}

const manager = new QueueManager();
const queue = manager.queue("pages");
const crawl = await startCrawl(manager, positionals, {
  maxDepth: Number(values.depth),
  perHost: Number(values["per-host"]),
});

const showing = setInterval(async () => {
  const { done, leased, visible, delayed } = await queue.describe();
  console.log(`${done} visited, ${leased} being fetched, ${visible} wait, ${delayed} wait for a pause or a retry`);
}, SHOW_EVERY_MS);
await queue.join();
clearInterval(showing);

const visits = await Array.fromAsync(visitsOf(manager, crawl));
const broken = visits.filter(({ status, failed }) => failed !== undefined || (status ?? 0) >= 400);
console.log(`${visits.length} pages, of which ${visits.filter(({ skipped }) => skipped).length} are not for crawlers`);
for (const { url, status, failed } of broken) console.log("broken:", url, failed ?? `status ${status}`);
await manager.close();
