import { setTimeout as sleep } from "node:timers/promises";
import { QueueManager } from "durable-queue";
import { defineTasks, type TaskContext, task } from "durable-queue/tasks";
import { fetchPage } from "./fetch-page.ts";
import { pause, pauseOf, rulesOf } from "./hosts.ts";
import { addressOf, contentOf } from "./links.ts";
import { type Page, submitPages } from "./pages.ts";

/** What became of a page: it was visited, left out, or failed. */
export interface Visit {
  /** The id of its crawl. */
  crawl: string;
  url: string;
  /** What its server answered with. */
  status?: number;
  title?: string;
  /** How many pages of the crawl it leads to. */
  links?: number;
  /** Why it was not fetched. */
  skipped?: string;
  /** The error of the last attempt. */
  failed?: string;
}

let manager: QueueManager | undefined;

/** Visits a page, and submits those to which it leads before it is done: no crash loses one. */
async function visit({ crawl, url, depth }: Page, { message, signal }: TaskContext): Promise<Visit> {
  const visited = { crawl: crawl.id, url };
  const address = new URL(url);
  const resting = pauseOf(address);
  if (resting > 0) return waitFor(resting);
  const rules = await rulesOf(address, signal);
  if (!rules.allows(address.pathname + address.search)) return { ...visited, skipped: "robots.txt" };

  const { status, html, location, pauseSeconds } = await fetchPage(url, signal);
  if (pauseSeconds !== undefined) {
    pause(address, pauseSeconds);
    return waitFor(pauseSeconds);
  }
  if (status >= 500) throw new Error(`${url} answered with status ${status}.`);
  const { title, links } = contentOf(html, url);
  const redirect = location === undefined ? undefined : addressOf(location, url);
  const pages = (redirect === undefined ? links : [redirect])
    .filter((link) => depth < crawl.maxDepth && crawl.hosts.includes(new URL(link).host))
    .map((link) => ({ crawl, url: link, depth: depth + 1 }));
  manager ??= new QueueManager();
  if (pages.length > 0) await submitPages(manager, pages);
  // The page keeps its place among those of its host meanwhile.
  await sleep(rules.delaySeconds * 1_000, undefined, { signal });
  return { ...visited, status, title, links: pages.length };

  /** No attempt is counted. A page that waits for its next turn keeps its place too, so that the host is left alone. */
  async function waitFor(seconds: number): Promise<Visit> {
    await message.release({ delaySeconds: seconds });
    return { ...visited, skipped: "busy" };
  }
}

/** What crawlers share, and what `durable-queue work ./src/tasks.ts` does. */
export const tasks = defineTasks(
  "pages",
  { visit: task({ timeoutSeconds: 90, run: visit }) },
  { module: import.meta.url },
);
