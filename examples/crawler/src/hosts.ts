import { AGENT, fetchPage } from "./fetch-page.ts";
import { type HostRules, NO_RULES, parseRobots } from "./robots.ts";

/** How long a robots.txt is used before it is fetched again. */
const RULES_SECONDS = 3_600;

/** Of how many hosts rules are kept: the oldest are forgotten. */
const HOSTS_MAX = 10_000;

interface KnownHost {
  rules: Promise<HostRules>;
  fetchedAtMs: number;
  /** Until when the host wants to be left alone. */
  pausedUntilMs: number;
}

const hosts = new Map<string, KnownHost>();

/** How long this process leaves a host alone from now on: 0 if it may be asked. */
export function pauseOf(url: URL): number {
  return Math.max(0, (hosts.get(url.origin)?.pausedUntilMs ?? 0) - Date.now()) / 1_000;
}

/** The host has asked for a pause. */
export function pause(url: URL, seconds: number): void {
  const host = hosts.get(url.origin);
  if (host !== undefined) host.pausedUntilMs = Math.max(host.pausedUntilMs, Date.now() + seconds * 1_000);
}

/**
 * The rules of a page's host, which are fetched once an hour in each process.
 *
 * @throws {Error} if they cannot be had now: then no page of it may be fetched either
 */
export function rulesOf(url: URL, signal: AbortSignal): Promise<HostRules> {
  const known = hosts.get(url.origin);
  if (known !== undefined && Date.now() - known.fetchedAtMs < RULES_SECONDS * 1_000) return known.rules;
  const rules = fetchRules(url.origin, signal);
  const host = { rules, fetchedAtMs: Date.now(), pausedUntilMs: known?.pausedUntilMs ?? 0 };
  hosts.delete(url.origin);
  hosts.set(url.origin, host);
  const [oldest = ""] = hosts.keys();
  if (hosts.size > HOSTS_MAX) hosts.delete(oldest);
  rules.catch(() => {
    if (hosts.get(url.origin) === host) hosts.delete(url.origin);
  });
  return rules;
}

async function fetchRules(origin: string, signal: AbortSignal): Promise<HostRules> {
  const { status, html } = await fetchPage(`${origin}/robots.txt`, signal);
  if (status === 429 || status >= 500) throw new Error(`${origin}/robots.txt cannot be had now: status ${status}.`);
  return status === 200 ? parseRobots(html, AGENT) : NO_RULES;
}
