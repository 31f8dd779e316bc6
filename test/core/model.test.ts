import { expect, test } from "vitest";
import { History } from "../support/model/history.ts";

const OPERATIONS = Number(process.env.OPERATIONS ?? 60_000);
const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32));

/** What comes about in a history of any order. The rarest of it does about once in 15,000 operations. */
const SIGHTINGS = [
  "restart",
  "crash before commit",
  "redelivery",
  "redelivery that is no further attempt",
  "begun",
  "begin forgotten in a crash",
  "lease over unbegun",
  "taken back by a pause",
  "begun though taken back",
  "lost",
  "heard again",
  "subscribed again unheard",
  "order_conflict",
  "stale receipt",
  "full",
  "invalid",
  "paused",
  "storage_full",
  "jitter",
  "duplicate suppressed",
  "duplicates repeated",
  "put again after a cancel or purge",
  "group served",
  "redriven",
  "expired",
  "expired listed",
  "transferring listed",
  "arrived again",
  "transfer accepted",
  "transfer refused",
  "transfer unknown",
  "transfer sent again",
  "unknown_message",
  "visible listed",
  "delayed listed",
  "leased listed",
  "dead listed",
  "shut_down",
  "unknown_queue",
  "done_too_often",
  "put repeated under its key",
  "put repeated while it waits",
  "done repeated under its key",
  "idempotency_key_reused",
  "push",
  "push of a share",
  "credit used up",
  "subscribe",
  "unsubscribe",
  "subscribed again",
  "waited again",
  "subscription ended by shutdown",
  "wait cancelled",
  "left",
  "changed",
  "changed before its next attempt",
  "headers",
  "own rules",
  "headers and rules transferred",
  "attempt by its own rules",
  "expired by its own retention",
  "duplicate of what is not done",
  "put again after it was done",
  "promoted",
  "not_waiting",
  "join finished",
  "join not finished",
  ...["done", "failed", "cancelled", "waiting", "running"].map((state) => `${state} by result`),
  ...["done", "failed", "cancelled", "unknown", "waiting", "delayed", "running"].map((state) => `${state} by job`),
  ...["done", "failed", "cancelled", "waiting", "delayed", "running"].map((state) => `${state} job listed`),
  "jobs on several pages",
  "outcome replaced",
  "outcomes purged",
  "result that is not kept any more",
  "wait for a job over",
  "wait for a job that is gone",
  "unwatched",
  "progress",
  "progress of a job that was cancelled",
  "tasks announced",
  "too_large",
];
const OF_PRIORITIES = ["changed to another priority", "restart with moved"];

/** So long that what has not come about by then cannot. */
const OPERATIONS_MAX = OPERATIONS + 300_000;

/** Several times what a history takes on a machine with other work. */
const TIMEOUT_MS = Math.max(120_000, 1.2 * OPERATIONS);

test.each(["fifo", "lifo", "priority"] as const)(
  `a %s queue does what an array would, over ${OPERATIONS} random operations with restarts and crashes`,
  (order) => {
    console.log(`SEED=${SEED} OPERATIONS=${OPERATIONS}`);
    const history = new History(SEED, order);
    const { sightings } = history;
    const expected = order === "priority" ? [...SIGHTINGS, ...OF_PRIORITIES] : SIGHTINGS;
    const missing = () => expected.filter((sighting) => sightings[sighting] === undefined);

    // A history goes on until all has come about, as chance may leave the rarest out for long.
    while (history.operations < OPERATIONS) history.runBatch();
    while (missing().length > 0 && history.operations < OPERATIONS_MAX) history.runBatch();

    const deliveries = ["fifo", "lifo", "priority"].map((name) => sightings[`${name} delivery`] ?? 0);
    expect(sightings[`${order} delivery`]).toBeGreaterThan(deliveries.reduce((sum, count) => sum + count) / 2);
    console.log(sightings);
    expect(missing()).toEqual([]);
  },
  TIMEOUT_MS,
);
