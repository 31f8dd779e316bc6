/** A consumer that was written for Cloudflare Queues runs unchanged on a queue of ours, with the same outcome. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createTestHarness } from "wrangler";
import { QueueManager } from "../../worker-client/src/index.ts";
import type { Task } from "./workers/parity/task.ts";

/**
 * Batches of ten: the consumer throws on the second, and retries all of the third. Neither has a message that is acked
 * before: Cloudflare's own queue does not deliver it again, but miniflare's, which is beside ours here, does.
 */
const KINDS: readonly Task["kind"][] = [
  ...["acked", "later", "never", "returned", "twice", "later", "acked", "never", "twice", "returned"],
  ...["returned", "twice", "returned", "never", "later", "thrown", "later", "twice", "never", "returned"],
  ...["returned", "later", "all", "twice", "never", "returned", "acked", "later", "returned", "acked"],
] as Task["kind"][];

const TASKS: Task[] = KINDS.map((kind, n) => ({ n, kind }));

const MAX_ATTEMPTS = 4;

interface Seen {
  batches: number[][];
  attempts: Record<number, number[]>;
  dead: number[];
}

const harness = createTestHarness({
  workers: [{ configPath: join(import.meta.dirname, "workers/parity/wrangler.jsonc") }],
});
let origin = "";

beforeAll(async () => {
  // What wrangler prints of each batch.
  for (const way of ["log", "info", "warn"] as const) vi.spyOn(console, way).mockImplementation(() => undefined);
  origin = (await harness.listen()).url.origin;
});
afterAll(() => harness.close());

async function seenBy(queue: string): Promise<Seen | null> {
  return (await fetch(`${origin}/seen/${queue}`)).json() as Promise<Seen | null>;
}

/** How many attempts each message had, and whether it ended as a dead letter. */
async function outcomesBy(queue: string): Promise<unknown[]> {
  const { attempts = {}, dead = [] } = (await seenBy(queue)) ?? {};
  return TASKS.map(({ n, kind }) => ({ n, kind, attempts: attempts[n] ?? [], isDead: dead.includes(n) }));
}

function counted(attempts: number): number[] {
  return Array.from({ length: attempts }, (_, index) => index + 1);
}

/** How many attempts each kind takes if nothing else happens to its batch. */
const ATTEMPTS = { acked: 1, returned: 1, later: 2, twice: 3, never: MAX_ATTEMPTS, thrown: 2, all: 2 };

/** What has to become of the messages. */
const EXPECTED = TASKS.map(({ n, kind }) => {
  // All of the second batch are retried once, and all of the third.
  const attempts = Math.max(ATTEMPTS[kind], n < 10 ? 1 : 2);
  return { n, kind, attempts: counted(attempts), isDead: kind === "never" };
});

test("one consumer has the same outcome for each message on Cloudflare's queue and on ours", async () => {
  const ours = new QueueManager({ address: `${origin}/queues`, authkey: "parity" }).queue<Task>("ours");
  await ours.configure({ maxAttempts: MAX_ATTEMPTS, retryDelaySeconds: 0, deadLetterQueue: "ours-dead" });

  await Promise.all([
    fetch(`${origin}/cloudflare`, { method: "POST", body: JSON.stringify(TASKS) }),
    ours.putMany(TASKS),
  ]);

  await expect.poll(() => outcomesBy("cloudflare")).toEqual(EXPECTED);
  await expect.poll(() => outcomesBy("ours")).toEqual(EXPECTED);
  expect(await (await fetch(`${origin}/cloudflare`)).json()).toBe(0);
  await expect.poll(() => ours.describe()).toMatchObject({ unfinished: 0 });
  const [theirs, own] = [await seenBy("cloudflare"), await seenBy("ours")];
  expect(own?.batches.slice(0, 3)).toEqual(theirs?.batches.slice(0, 3));
  expect(Math.max(...(own?.batches ?? []).map(({ length }) => length))).toBe(10);
});
