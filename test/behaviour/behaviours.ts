/** What a queue does, described once and shown on every level. */
import { bounds } from "./bounds.ts";
import { looking } from "./browsing.ts";
import { changes } from "./changes.ts";
import { deadLetterQueues } from "./dead-letter-queues.ts";
import { deduplication } from "./deduplication.ts";
import type { Level } from "./drivers/driver.ts";
import { groups } from "./groups.ts";
import { jobs } from "./jobs/jobs.ts";
import { keptOutcomes } from "./jobs/kept-outcomes.ts";
import { leases } from "./leases.ts";
import { messages } from "./messages.ts";
import { orders } from "./orders.ts";
import { ownRules } from "./own-rules.ts";
import { redelivery } from "./redelivery.ts";
import { retention } from "./retention.ts";
import { schedules } from "./schedules.ts";
import { shutdowns } from "./shutdowns.ts";
import { unfinished } from "./unfinished.ts";

/** @param now the server's time in seconds since 1970, or near it */
export function behaviours(level: Level, now: () => number): void {
  messages(level);
  leases(level);
  orders(level);
  bounds(level);
  schedules(level, now);
  redelivery(level);
  retention(level, now);
  deadLetterQueues(level);
  groups(level);
  deduplication(level);
  ownRules(level);
  jobs(level, now);
  keptOutcomes(level);
  looking(level);
  changes(level, now);
  unfinished(level);
  shutdowns(level);
}
