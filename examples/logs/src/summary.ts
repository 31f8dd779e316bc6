/** The most routes that are counted by themselves: what clients may invent must not fill the memory. */
const ROUTES_MAX = 1_000;

/** Where the routes beyond them are counted. */
const OTHER_ROUTES = "(other)";

/** Numbers by names, as JSON. */
export type Counts = [name: string, count: number][];

/** What log files say, in numbers: what a worker sends back. */
export interface Summary {
  /** Of the files. */
  bytes: number;
  lines: number;
  /** Lines that are none of an access log. */
  malformed: number;
  /** What servers have sent. */
  bytesSent: number;
  byStatus: Counts;
  /** By method and path, without queries, and with `:id` for numbers and ids. */
  byRoute: Counts;
  /** By the hour in the log's own time zone, as `27/Nov/2026:13`. */
  byHour: Counts;
}

/** Counts lines, and adds what others have counted. */
export class Counter {
  bytes = 0;
  lines = 0;
  malformed = 0;
  bytesSent = 0;
  readonly #byStatus = new Map<string, number>();
  readonly #byRoute = new Map<string, number>();
  readonly #byHour = new Map<string, number>();

  /** Counts a request. */
  count(status: string, route: string, hour: string): void {
    add(this.#byStatus, status, 1);
    add(this.#byHour, hour, 1);
    this.#addRoute(route, 1);
  }

  addSummary(part: Summary): void {
    this.bytes += part.bytes;
    this.lines += part.lines;
    this.malformed += part.malformed;
    this.bytesSent += part.bytesSent;
    for (const [status, count] of part.byStatus) add(this.#byStatus, status, count);
    for (const [route, count] of part.byRoute) this.#addRoute(route, count);
    for (const [hour, count] of part.byHour) add(this.#byHour, hour, count);
  }

  /** What was counted; the most frequent first. */
  summary(): Summary {
    const { bytes, lines, malformed, bytesSent } = this;
    return {
      ...{ bytes, lines, malformed, bytesSent },
      byStatus: sorted(this.#byStatus),
      byRoute: sorted(this.#byRoute),
      byHour: sorted(this.#byHour),
    };
  }

  #addRoute(route: string, count: number): void {
    const isCounted = this.#byRoute.has(route) || this.#byRoute.size < ROUTES_MAX;
    add(this.#byRoute, isCounted ? route : OTHER_ROUTES, count);
  }
}

function add(counts: Map<string, number>, name: string, count: number): void {
  counts.set(name, (counts.get(name) ?? 0) + count);
}

function sorted(counts: Map<string, number>): Counts {
  return [...counts].sort(([a, times], [b, others]) => others - times || (a < b ? -1 : 1));
}
