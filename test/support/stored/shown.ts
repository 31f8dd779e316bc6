/** What the queues of a server show: the expectations that are stored beside a fixture. */
import { callQueue } from "./call-queue.ts";

export type Fields = Record<string, unknown>;

/** What a queue shows of itself, without what depends on when it is asked. */
export interface ShownQueue {
  description: Fields;
  messages: Fields[];
}

/** Figures that depend on the time, or on how the build stores rows. */
const VOLATILE: readonly string[] = ["oldestSeconds", "storageBytes", "rowsWritten", "diedAt", "results"];

/** The description and all messages of each queue of the server, by the queue's name. */
export async function shownQueues(address: string): Promise<Record<string, ShownQueue>> {
  const { queues } = (await callQueue(address, "GET", "?limit=1000")) as { queues: { name: string }[] };
  const shown: Record<string, ShownQueue> = {};
  for (const { name } of queues) shown[name] = await shownQueue(address, name);
  return shown;
}

/** The description and all messages of one queue. */
export async function shownQueue(address: string, name: string): Promise<ShownQueue> {
  const messages: Fields[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const path: string = `/${name}/messages?limit=1000&cursor=${cursor}`;
    const page = (await callQueue(address, "GET", path)) as { messages: Fields[]; cursor: string | null };
    messages.push(...page.messages.map(steady));
    cursor = page.cursor;
  }
  return { description: steady(await callQueue(address, "GET", `/${name}`)), messages };
}

/** The fields that are the same whenever, and by whichever build, the data is opened. */
export function steady(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([name]) => !VOLATILE.includes(name))
      .map(([name, value]) => [name, steadyValue(name, value)]),
  );
}

/** An id begins with its partition since version 4 of the tables. Before there was one partition, and it was left out. */
function steadyValue(name: string, value: unknown): unknown {
  if (name === "deadLetter") return steady(value as Fields);
  return name === "id" ? String(value).replace(/^0\./, "") : value;
}
