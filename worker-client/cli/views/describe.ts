import { PLAIN_NAMES } from "../../../src/contract/settings.ts";
import { ENDINGS, STATE_NAMES } from "../../../src/contract/states.ts";
import type { Consumer, PushDescription, QueueDescription } from "../../src/index.ts";
import { shownCount, shownDate, shownSeconds } from "../base/durations.ts";
import type { Output } from "../base/output.ts";
import { tableLines } from "../base/table.ts";
import { shownText } from "../base/text.ts";

/** Writes what there is to know about a queue: one line of JSON, or some groups of lines for people. */
export async function describeQueue(output: Output, queue: QueueDescription): Promise<void> {
  if (output.isJson) return output.json(queue);
  await output.line(output.style("bold", queue.name) + stateOf(queue));
  await output.line("");
  await pairs(output, [
    ...STATE_NAMES.map((state): Pair => [state, shownCount(queue[state])]),
    ["unfinished", shownCount(queue.unfinished)],
    ["oldest", queue.oldestSeconds === 0 ? "none" : shownSeconds(queue.oldestSeconds)],
    ["accepted", shownCount(queue.accepted)],
    ...ENDINGS.map((ending): Pair => [ending, shownCount(queue[ending])]),
    ["results", shownCount(queue.results)],
    ["stored", `${shownCount(queue.storageBytes)} bytes`],
    ["connected", shownCount(queue.connected)],
  ]);
  await output.line("");
  await pairs(
    output,
    PLAIN_NAMES.map((name): Pair => [name, String(queue[name] ?? "none")]),
  );
  if (queue.push !== null) {
    await output.line("");
    await pairs(output, pushPairs(queue.push));
  }
  if (queue.consumers.length === 0) return;
  await output.line("");
  for (const line of tableLines(CONSUMER_COLUMNS, queue.consumers, output)) await output.line(line);
}

type Pair = readonly [name: string, value: string];

const CONSUMER_COLUMNS = [
  { title: "CONSUMER", cell: ({ name }: Consumer) => name, isLong: true as const },
  { title: "KEY", cell: ({ key }: Consumer) => key, isLong: true as const },
  { title: "SINCE", cell: ({ since }: Consumer) => shownDate(new Date(since * 1_000)) },
  { title: "IN HAND", cell: ({ inHand }: Consumer) => inHand, isNumber: true as const },
];

/** What is said of a webhook or of a consumer of the Worker. */
function pushPairs(push: PushDescription): Pair[] {
  const { kind, url, state, resumesAt, detail, inFlight, batchSize, batchWaitSeconds, concurrency, timeoutSeconds } =
    push;
  const until = resumesAt === undefined ? "" : ` until ${shownDate(new Date(resumesAt * 1_000))}`;
  return [
    ["pushed to", url ?? `a consumer of the ${kind}`],
    ["state", `${state}${until}${detail === undefined ? "" : `: ${detail}`}`],
    ["in flight", shownCount(inFlight)],
    ["batchSize", String(batchSize)],
    ["batchWaitSeconds", String(batchWaitSeconds)],
    ["concurrency", String(concurrency)],
    ["timeoutSeconds", String(timeoutSeconds)],
  ];
}

/** The width of the names of counts and settings: the longest is retryDelayMaxSeconds. */
const NAME_WIDTH = 22;

function stateOf({ shutdown, paused }: QueueDescription): string {
  const states = [
    ...(shutdown === "none" ? [] : [shutdown === "draining" ? "shut down" : "shut down at once"]),
    ...(paused.puts ? ["puts are paused"] : []),
    ...(paused.receives ? ["receives are paused"] : []),
  ];
  return states.length === 0 ? "" : ` (${states.join(", ")})`;
}

async function pairs(output: Output, lines: readonly Pair[]): Promise<void> {
  for (const [name, value] of lines) await output.line(`  ${name.padEnd(NAME_WIDTH)}${shownText(value)}`);
}
