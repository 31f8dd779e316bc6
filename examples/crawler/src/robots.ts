/** The longest Crawl-delay that is followed: the handler holds its lease meanwhile. */
const CRAWL_DELAY_SECONDS_MAX = 30;

/** What is read of a robots.txt: a longer one is cut there, as RFC 9309 allows. */
const ROBOTS_CHARACTERS_MAX = 500_000;

/** What a host lets a crawler do. */
export interface HostRules {
  /** Whether a path, with its query, may be fetched. */
  allows(path: string): boolean;
  /** How long to wait after a page. */
  readonly delaySeconds: number;
}

interface Group {
  agents: string[];
  rules: { pattern: RegExp; length: number; isAllowed: boolean }[];
  delaySeconds: number;
}

/** The rules of a host that has none. */
export const NO_RULES: HostRules = { allows: () => true, delaySeconds: 0 };

/**
 * Reads a robots.txt as RFC 9309 says: the group of the agent, or that of `*`; of the rules that fit a path the longest
 * counts, and of equal ones that which allows.
 */
export function parseRobots(text: string, agent: string): HostRules {
  const groups = groupsOf(text.slice(0, ROBOTS_CHARACTERS_MAX));
  const own = groups.filter(({ agents }) => agents.includes(agent.toLowerCase()));
  const chosen = own.length > 0 ? own : groups.filter(({ agents }) => agents.includes("*"));
  const rules = chosen
    .flatMap((group) => group.rules)
    .sort((a, b) => b.length - a.length || Number(b.isAllowed) - Number(a.isAllowed));
  const delay = Math.max(0, ...chosen.map(({ delaySeconds }) => delaySeconds));
  return {
    allows: (path) => rules.find(({ pattern }) => pattern.test(path))?.isAllowed ?? true,
    delaySeconds: Math.min(delay, CRAWL_DELAY_SECONDS_MAX),
  };
}

function groupsOf(text: string): Group[] {
  const groups: Group[] = [];
  let isInAgents = false;
  for (const line of text.split(/\r\n|\r|\n/)) {
    const [, name = "", value = ""] = /^\s*([\w-]+)\s*:\s*([^#]*?)\s*(?:#.*)?$/.exec(line) ?? [];
    const field = name.toLowerCase();
    if (field === "user-agent") {
      if (!isInAgents) groups.push({ agents: [], rules: [], delaySeconds: 0 });
      groups.at(-1)?.agents.push(value.toLowerCase());
      isInAgents = true;
      continue;
    }
    const group = groups.at(-1);
    if (group === undefined || field === "") continue;
    isInAgents = false;
    if (field === "crawl-delay") group.delaySeconds = Number(value) || 0;
    if ((field !== "allow" && field !== "disallow") || value === "") continue;
    group.rules.push({ pattern: patternOf(value), length: value.length, isAllowed: field === "allow" });
  }
  return groups;
}

/** `*` stands for any characters, and `$` at the end for the end of the path. */
function patternOf(value: string): RegExp {
  const isWhole = value.endsWith("$");
  const parts = (isWhole ? value.slice(0, -1) : value).split(/\*+/).map(escaped);
  return new RegExp(`^${parts.join(".*")}${isWhole ? "$" : ""}`);
}

function escaped(text: string): string {
  return text.replace(/[\^$.*+?()[\]{}|\\]/g, "\\$&");
}
