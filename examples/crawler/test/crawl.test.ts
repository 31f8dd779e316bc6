import { startServer, type TestServer } from "durable-queue/testing";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type CrawlOptions, startCrawl, visitsOf } from "../src/pages.ts";
import { Site } from "./site.ts";
import { WorkerProcess } from "./workers.ts";

const PER_HOST = 2;

let server: TestServer;
let workers: WorkerProcess[];

beforeAll(async () => {
  server = await startServer();
  workers = [new WorkerProcess(server, 20), new WorkerProcess(server, 20)];
});

afterAll(async () => {
  await Promise.all(workers.map((worker) => worker.stop()));
  await server.stop();
});

async function openSite(hosts: number, pagesPerHost: number): Promise<Site> {
  const site = await Site.open(hosts, pagesPerHost);
  onTestFinished(() => site.close());
  return site;
}

/** Starts a crawl of the first pages of all hosts. */
async function start(site: Site, options: Partial<CrawlOptions> = {}) {
  const manager = server.manager();
  const own = { maxDepth: 20, perHost: PER_HOST, retryDelaySeconds: 0.2 };
  return { manager, crawl: await startCrawl(manager, site.firstPages, { ...own, ...options }) };
}

test("two workers find all of 2,000 pages, fetch each once, and are polite to each host", async () => {
  const [hosts, pagesPerHost] = [20, 100];
  const site = await openSite(hosts, pagesPerHost);
  const { manager, crawl } = await start(site);

  await manager.queue("pages").join({ timeoutSeconds: 110 });

  const visits = await Array.fromAsync(visitsOf(manager, crawl));
  expect(visits.filter(({ status }) => status === 200)).toHaveLength(hosts * pagesPerHost);
  expect(visits.filter(({ status }) => status === 404)).toHaveLength(hosts);
  expect(visits.filter(({ skipped }) => skipped === "robots.txt")).toHaveLength(hosts);
  expect(visits).toHaveLength(hosts * (pagesPerHost + 2));

  // A page of each host fails at first, and a host asks for a pause: such pages alone are asked for again.
  expect(site.hits.filter(({ status }) => status >= 429).length).toBeGreaterThan(hosts);
  const answered = site.hits.filter(({ status, path }) => status < 429 && path !== "/robots.txt");
  const pages = answered.map(({ host, path }) => host + path);
  expect(pages.filter((page, index) => pages.indexOf(page) !== index)).toEqual([]);
  expect([...site.counts.keys()].filter((page) => /private|hidden/.test(page))).toEqual([]);
  expect(site.busiest).toBe(PER_HOST);
});

test("a host that answers with 429 is left alone for as long as it says", async () => {
  const site = await openSite(2, 30);
  const { manager } = await start(site);

  await manager.queue("pages").join({ timeoutSeconds: 110 });

  const refused = site.hits.filter(({ status }) => status === 429);
  // Each of the pages that are fetched at a time may have been refused. Then the host's others wait for it.
  expect([1, PER_HOST]).toContain(refused.length);
  const pages = [...site.counts.keys()].filter((page) => /^0\/\d+$/.test(page));
  expect(pages).toHaveLength(30);
});

test("pages beyond the depth are left out", async () => {
  const site = await openSite(1, 100);
  const { manager, crawl } = await start(site, { maxDepth: 2 });

  await manager.queue("pages").join({ timeoutSeconds: 110 });

  const visits = await Array.fromAsync(visitsOf(manager, crawl));
  expect(visits.filter(({ status }) => status === 200)).toHaveLength(1 + 4 + 16);
});

test("the pages that a killed worker had in hand are fetched by another", async () => {
  const site = await openSite(8, 25);
  // What the killed worker has in hand comes back when its leases end.
  await server.manager().queue("pages").configure({ leaseSeconds: 3 });
  const { manager, crawl } = await start(site);
  await expect.poll(() => site.hits.length, { timeout: 60_000 }).toBeGreaterThan(40);

  await workers[0]?.kill();
  await manager.queue("pages").join({ timeoutSeconds: 110 });

  const visits = await Array.fromAsync(visitsOf(manager, crawl));
  expect(visits.filter(({ status }) => status === 200)).toHaveLength(8 * 25);
});
