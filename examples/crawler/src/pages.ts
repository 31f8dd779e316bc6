import { createHash } from "node:crypto";
import type { Job, QueueManager } from "durable-queue";
import type { tasks, Visit } from "./tasks.ts";

/** How long an address counts as known: a crawl may take so long. */
const CRAWL_SECONDS = 86_400;

/** The longest name of a group. */
const GROUP_CHARACTERS_MAX = 128;

/** One crawl. It travels with each of its pages, so that any worker can go on with it. */
export interface Crawl {
  id: string;
  /** Pages of other hosts are left out. A host is a name with its port. */
  hosts: string[];
  /** How many links from the first pages a page may be. */
  maxDepth: number;
}

/** A page to visit. */
export interface Page {
  crawl: Crawl;
  url: string;
  /** How many links it is from the first pages. */
  depth: number;
}

/** The options of `startCrawl`. */
export interface CrawlOptions {
  maxDepth: number;
  /** How many pages of one host are fetched at a time, over all workers. Default 2. */
  perHost?: number;
  /** How long after a failure a page is tried again at first. Default 10. */
  retryDelaySeconds?: number;
}

/**
 * Starts a crawl. From then on workers do all of it: the program that has started it may end.
 *
 * @param urls the first pages, whose hosts are crawled
 */
export async function startCrawl(
  manager: QueueManager,
  urls: readonly string[],
  options: CrawlOptions,
): Promise<Crawl> {
  const { maxDepth, perHost = 2, retryDelaySeconds = 10 } = options;
  const crawl = { id: crypto.randomUUID(), hosts: urls.map((url) => new URL(url).host), maxDepth };
  await manager.queue("pages").configure({
    ...{ maxLeasedPerGroup: perHost, dedupeSeconds: CRAWL_SECONDS },
    ...{ retryDelaySeconds, maxAttempts: 5 },
  });
  await submitPages(
    manager,
    urls.map((url) => ({ crawl, url: new URL(url).href, depth: 0 })),
  );
  return crawl;
}

/** Submits pages, each once in its crawl: the queue knows the addresses that it has had. */
export function submitPages(manager: QueueManager, pages: readonly Page[]): Promise<Job<Visit>[]> {
  const client = manager.tasks<typeof tasks>("pages");
  return client.visit.submitMany(pages, {
    resultSeconds: CRAWL_SECONDS,
    each: ({ crawl, url }) => ({
      group: new URL(url).host.slice(0, GROUP_CHARACTERS_MAX),
      dedupeKey: `${crawl.id}.${createHash("sha256").update(url).digest("base64url")}`,
    }),
  });
}

/** What became of the pages of a crawl: those that were visited, and those that failed for good. */
export async function* visitsOf(manager: QueueManager, crawl: Crawl): AsyncGenerator<Visit> {
  for await (const { result } of manager.queue("pages").jobs({ state: "done" })) {
    const visit = result as Visit | undefined;
    if (visit?.crawl === crawl.id) yield visit;
  }
  for await (const { item, lastError } of manager.queue<Page>("pages").messages({ state: "dead" })) {
    if (item.crawl.id === crawl.id) yield { crawl: crawl.id, url: item.url, failed: lastError?.split("\n")[0] ?? "" };
  }
}
