import type { Contender } from "../contender.ts";
import type { Figures } from "../roles/role.ts";
import { size } from "../support/sizes.ts";
import type { Bench, Scenario } from "./scenario.ts";

const PUSH_MESSAGES = size("PUSH_MESSAGES", 30_000);
const LONE_MESSAGES = size("LONE_MESSAGES", 400);

const isFor = ({ only }: Contender) => only?.includes("push") === true;

/** What the Worker measured. */
async function measured<Answer>({ server }: Bench, what: string, sizes: Record<string, number>): Promise<Answer> {
  const [origin = "", queue = ""] = server.address.split(" ");
  const query = Object.entries(sizes).map(([name, value]) => `${name}=${value}`);
  const response = await fetch(`${origin}/${what}/${queue}?${query.join("&")}`);
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as Answer;
}

async function runPush(bench: Bench): Promise<Figures> {
  // The first batches are slower, before compilers have done with them.
  await measured(bench, "push", { messages: PUSH_MESSAGES });
  const ms = await measured<number>(bench, "push", { messages: PUSH_MESSAGES });
  return { perSecond: PUSH_MESSAGES / (ms / 1_000), messages: 2 * PUSH_MESSAGES };
}

async function runLone(bench: Bench): Promise<Figures> {
  const warmUp = 4 * LONE_MESSAGES;
  await measured(bench, "lone-push", { messages: warmUp, gapMs: 1 });
  const times = await measured<number[]>(bench, "lone-push", { messages: LONE_MESSAGES, gapMs: 20 });
  times.sort((a, b) => a - b);
  const meanMs = times.reduce((sum, ms) => sum + ms, 0) / times.length;
  const figures = { p50Ms: betweenSteps(times, 0.5), p99Ms: betweenSteps(times, 0.99), meanMs };
  return { ...figures, messages: warmUp + LONE_MESSAGES };
}

/**
 * Of times in whole milliseconds, in ascending order, between which the Worker's clock shows nothing: those that are equal
 * stand for times spread evenly over half a millisecond on each side.
 */
function betweenSteps(sorted: readonly number[], part: number): number {
  const rank = sorted.length * part;
  const ms = sorted[Math.min(sorted.length - 1, Math.floor(rank))] ?? Number.NaN;
  const [below, upTo] = [sorted.filter((time) => time < ms).length, sorted.filter((time) => time <= ms).length];
  return ms - 0.5 + (rank - below) / (upTo - below);
}

export const pushScenarios: readonly Scenario[] = [
  {
    name: "push",
    title: "Push: put in batches of 100, 8 under way, and handled in batches of 100, in one Worker",
    shown: [{ figure: "perSecond", title: "messages/s", isRate: true }],
    isFor,
    run: runPush,
  },
  {
    name: "lone-push",
    title: "Lone push: one message alone, from the call of put until its handler begins",
    shown: [
      { figure: "p50Ms", title: "p50 ms", isRate: false },
      { figure: "p99Ms", title: "p99 ms", isRate: false },
      { figure: "meanMs", title: "mean ms", isRate: false },
    ],
    isFor,
    run: runLone,
  },
];
