import type { Waiting } from "./answers.ts";
import type { ModelMessage } from "./message.ts";

/** Messages remembered that have left the queue. */
const GONE_REMEMBERED = 60;

/** The outcomes of jobs, as a list of them says it, and what waits for one. */
export class ModelJobs {
  /** Messages whose outcome is kept, in the order in which they ended. Some outcomes may have expired. */
  kept: ModelMessage[] = [];
  waits: (Waiting & { message: ModelMessage })[] = [];
  watches: { subscriber: number; message: ModelMessage; hasEvents: boolean }[] = [];
  /** Jobs of which something has changed that may be watched. */
  changed = new Set<ModelMessage>();
  tasks = new Map<string, string | undefined>();
  /** How many outcomes were ever kept, and how many of them were purged. */
  recorded = 0;
  purged = 0;
  generation: string;
  /** Messages that have left, also those from before a deletion. */
  gone: ModelMessage[] = [];

  constructor(generation: string) {
    this.generation = generation;
  }

  /** What only lives in memory. */
  forgetWaits(): void {
    this.waits = [];
    this.watches = [];
    this.changed.clear();
  }

  forgetRecords(): void {
    for (const message of this.kept) message.outcome = undefined;
    this.kept = [];
  }

  /** Messages whose outcome is kept and has not expired. */
  valid(now: number): ModelMessage[] {
    for (const message of this.kept) if ((message.outcome?.until ?? 0) <= now) message.outcome = undefined;
    this.kept = this.kept.filter(({ outcome }) => outcome !== undefined);
    return this.kept;
  }

  left(message: ModelMessage): void {
    this.gone.push(message);
    if (this.gone.length > GONE_REMEMBERED) this.gone.shift();
  }
}
