import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** The pause that the first host asks for. */
const PAUSE_SECONDS = 1;

/** A request for a page, as the site saw it. */
interface Hit {
  host: number;
  path: string;
  atMs: number;
  status: number;
}

/** A site of several hosts, each a port of 127.0.0.1, with `/0`, `/1` and so on, of which each links to some others. */
export class Site {
  readonly hits: Hit[] = [];
  readonly #servers: Server[] = [];
  readonly #ports: number[] = [];
  readonly #inHand: number[] = [];
  readonly #busiest: number[] = [];
  readonly #pagesPerHost: number;
  #pausedUntilMs = 0;

  private constructor(pagesPerHost: number) {
    this.#pagesPerHost = pagesPerHost;
  }

  /** @param port of the first host; the others follow. 0: free ones */
  static async open(hosts: number, pagesPerHost: number, port = 0): Promise<Site> {
    const site = new Site(pagesPerHost);
    for (let host = 0; host < hosts; host += 1) {
      site.#inHand.push(0);
      site.#busiest.push(0);
      const server = createServer((request, response) => {
        site.#answer(host, request.url ?? "/", response).catch((error: Error) => response.destroy(error));
      });
      site.#servers.push(server);
      server.listen(port === 0 ? 0 : port + host, "127.0.0.1");
      await once(server, "listening");
      site.#ports.push((server.address() as AddressInfo).port);
    }
    return site;
  }

  /** The address of a page. */
  url(host: number, page: number): string {
    return `http://127.0.0.1:${this.#ports[host]}/${page}`;
  }

  /** The addresses of the hosts' first pages. */
  get firstPages(): string[] {
    return this.#servers.map((_, host) => this.url(host, 0));
  }

  /** The most requests that one host had in hand at the same time. */
  get busiest(): number {
    return Math.max(...this.#busiest);
  }

  /** How often each page was asked for, without `robots.txt`. */
  get counts(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { host, path } of this.hits) {
      const page = `${host}${path}`;
      if (path !== "/robots.txt") counts.set(page, (counts.get(page) ?? 0) + 1);
    }
    return counts;
  }

  async close(): Promise<void> {
    for (const server of this.#servers) {
      server.close();
      server.closeAllConnections();
    }
    await Promise.all(this.#servers.filter((server) => server.listening).map((server) => once(server, "close")));
  }

  async #answer(host: number, path: string, response: ServerResponse): Promise<void> {
    const inHand = (this.#inHand[host] ?? 0) + 1;
    this.#inHand[host] = inHand;
    this.#busiest[host] = Math.max(this.#busiest[host] ?? 0, inHand);
    const hit = { host, path, atMs: performance.now(), status: this.#statusOf(host, path) };
    this.hits.push(hit);
    // Long enough for a crawler that is not polite to ask again meanwhile.
    await sleep(2);
    response.statusCode = hit.status;
    if (hit.status === 429) response.setHeader("retry-after", `${PAUSE_SECONDS}`);
    response.setHeader("content-type", path === "/robots.txt" ? "text/plain" : "text/html; charset=utf-8");
    this.#inHand[host] = (this.#inHand[host] ?? 1) - 1;
    response.end(
      path === "/robots.txt" ? "User-agent: *\nDisallow: /private\n" : this.#page(host, Number(path.slice(1))),
    );
  }

  /** `/7` of each host fails at first. The first host asks for a pause when it is first asked for `/9`, and refuses all meanwhile. */
  #statusOf(host: number, path: string): number {
    const isFirst = !this.hits.some((hit) => hit.host === host && hit.path === path);
    if (path === "/7" && isFirst) return 500;
    if (path === "/9" && host === 0 && isFirst) this.#pausedUntilMs = performance.now() + PAUSE_SECONDS * 1_000;
    if (host === 0 && performance.now() < this.#pausedUntilMs) return 429;
    return path === "/missing" ? 404 : 200;
  }

  /** Each page leads to four of its host, to one of the next, and to some that are to be left out. */
  #page(host: number, page: number): string {
    const own = [1, 2, 3, 4].map((child) => 4 * page + child).filter((child) => child < this.#pagesPerHost);
    const next = this.url((host + 1) % this.#servers.length, page);
    const links = [...own.map((child) => `/${child}`), ...own.map((child) => `/${child}#part`), next];
    const others = ["/private/1", "/missing", "mailto:ada@example.com", "http://elsewhere.invalid/"];
    const anchors = [...links, ...others].map((href) => `<li><a href="${href}">link</a>`).join("");
    return `<!doctype html><title>Page ${page} of host ${host}</title><a rel=nofollow href=/hidden>no</a><ul>${anchors}</ul>`;
  }
}
