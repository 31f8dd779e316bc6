import type * as z from "zod";
import { COUNT_NAMES, type CountName } from "../contract/states.ts";
import type { ListedQueue } from "./directory-calls.ts";
import type { listedQueue } from "./schema/queues.ts";

/** A queue of the list, in the form of the interface. A state that its build did not know has no message. */
export function listedJson({ name, report }: ListedQueue): z.input<typeof listedQueue> {
  if (report === null) return { name };
  const { counts, oldestAt, countedAt } = report;
  return {
    name,
    counts: Object.fromEntries(COUNT_NAMES.map((count) => [count, counts[count] ?? 0])) as Record<CountName, number>,
    ...(oldestAt === null ? {} : { oldestAt: oldestAt / 1_000 }),
    countedAt: countedAt / 1_000,
  };
}
