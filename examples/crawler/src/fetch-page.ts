/** How the crawler calls itself, and what a robots.txt calls it. */
export const AGENT = "durable-queue-example";

/** How long a server may take for a page. */
const FETCH_TIMEOUT_MS = 20_000;

/** What is read of a page. */
const PAGE_BYTES_MAX = 2_000_000;

/** How long a host rests that asks for a pause and does not say how long. */
const PAUSE_SECONDS_DEFAULT = 30;

/** The longest pause that is taken: a host that says more is asked again then. */
const PAUSE_SECONDS_MAX = 3_600;

/** What a server has answered. */
export interface Answer {
  status: number;
  /** Its text, if it is HTML; else empty. */
  html: string;
  /** Where it leads, if it is a redirect. */
  location: string | undefined;
  /** How long the host wants to be left alone; undefined if it does not say that. */
  pauseSeconds: number | undefined;
}

/** Fetches a page. Redirects are not followed: where they lead is a page of its own. */
export async function fetchPage(url: string, signal: AbortSignal): Promise<Answer> {
  const response = await fetch(url, {
    redirect: "manual",
    headers: { "user-agent": AGENT, accept: "text/html, text/plain;q=0.5" },
    signal: AbortSignal.any([signal, AbortSignal.timeout(FETCH_TIMEOUT_MS)]),
  });
  const { status, headers } = response;
  const isText = /^text\/(html|plain)\b/i.test(headers.get("content-type") ?? "");
  const html = isText && response.ok ? await textOf(response) : "";
  // Otherwise the connection stays in use until its garbage is collected.
  if (!response.bodyUsed) await response.body?.cancel();
  return {
    ...{ status, html, location: headers.get("location") ?? undefined },
    pauseSeconds: status === 429 || status === 503 ? pauseSecondsOf(headers.get("retry-after")) : undefined,
  };
}

/** Retry-After is a number of seconds or a date. */
function pauseSecondsOf(retryAfter: string | null): number {
  const seconds = Number(retryAfter ?? Number.NaN);
  const untilDate = (Date.parse(retryAfter ?? "") - Date.now()) / 1_000;
  const said = [seconds, untilDate].find(Number.isFinite) ?? PAUSE_SECONDS_DEFAULT;
  return Math.min(Math.max(said, 0), PAUSE_SECONDS_MAX);
}

async function textOf(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    parts.push(part);
    bytes += part.length;
    if (bytes > PAGE_BYTES_MAX) break;
  }
  return new TextDecoder().decode(Buffer.concat(parts).subarray(0, PAGE_BYTES_MAX));
}
