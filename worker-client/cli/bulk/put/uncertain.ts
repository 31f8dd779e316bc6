/** Batches of an earlier run whose outcome is not known. */
import { Forbidden, type Queue, UnknownQueue } from "../../../src/index.ts";
import { UsageError } from "../../base/exit.ts";
import type { LineRange } from "./line-ledger.ts";
import type { UncertainChoice } from "./lines-flags.ts";

/** How long a queue remembers a put at least, in seconds. */
const REMEMBERED_SECONDS_MIN = 300;

/** How much earlier a put counts as forgotten, in seconds: until the put arrives. */
const MARGIN_SECONDS = 10;

/**
 * The batches of an earlier run, as they are to be taken now: while the queue remembers a put, it is sent again, and is
 * stored once.
 *
 * @param now in milliseconds since 1970
 * @throws {UsageError} if a batch was sent too long ago, and the user has not chosen
 */
export async function withoutUncertain(
  later: readonly LineRange[],
  queue: Queue,
  { choice, now }: { choice: UncertainChoice | undefined; now: number },
): Promise<LineRange[]> {
  const open = later.filter(({ isPut }) => !isPut);
  if (open.length === 0) return [...later];
  const seconds = await rememberedSeconds(queue);
  const isForgotten = ({ sentAt }: LineRange) => now - sentAt > (seconds - MARGIN_SECONDS) * 1_000;
  const forgotten = open.filter(isForgotten);
  const [first] = forgotten;
  if (first === undefined || choice === "put") return [...later];
  if (choice === undefined) {
    const lines = forgotten.map(({ first, last }) => `${first} to ${last}`).join(", ");
    throw new UsageError(
      `The earlier run was ended while the lines ${lines} were on their way, and the queue remembers puts for ${seconds} seconds only: they may have been put, or not. Look for them in the queue, then give --uncertain skip if they are there, or --uncertain put.`,
    );
  }
  return later.map((range) => (!range.isPut && isForgotten(range) ? { ...range, isPut: true } : range));
}

async function rememberedSeconds(queue: Queue): Promise<number> {
  try {
    return (await queue.describe()).idempotencySeconds;
  } catch (error) {
    // A key that may only put does not see it, and of a queue that was deleted nothing is left.
    if (error instanceof Forbidden) return REMEMBERED_SECONDS_MIN;
    if (error instanceof UnknownQueue) return Number.POSITIVE_INFINITY;
    throw error;
  }
}
