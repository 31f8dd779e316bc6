import type { ModelSettings, WaitingPut } from "./answers.ts";
import { DEFAULT_SETTINGS } from "./answers.ts";
import type { Both } from "./both.ts";
import { tellGone } from "./jobs.ts";
import { ModelJobs } from "./kept-jobs.ts";
import { giveBack, randomBegin } from "./leases.ts";
import type { ModelQueue } from "./queue.ts";

function configure(queue: ModelQueue, requestId: number, settings: ModelSettings): void {
  if (settings.order !== queue.settings.order && queue.messages.length > 0) {
    queue.refuse([requestId], "order_conflict");
    return;
  }
  if (settings.order !== queue.settings.order) queue.forgetTurns();
  queue.exists = true;
  queue.settings = settings;
  queue.refusal = { to: "", times: 0, until: 0 };
  const { maxSize } = settings;
  const isTooLarge = ({ puts }: WaitingPut) => maxSize > 0 && puts.length > maxSize;
  for (const { requestIds } of queue.blockedPuts.filter(isTooLarge)) queue.refuse(requestIds, "invalid");
  queue.blockedPuts = queue.blockedPuts.filter((waiting) => !isTooLarge(waiting));
  queue.answers.push({ requestId, verb: "configured", settings });
}

function pause(queue: ModelQueue, requestId: number, paused: { puts?: boolean; receives?: boolean }): void {
  queue.exists = true;
  queue.paused = { ...queue.paused, ...paused };
  const unbegun = queue.messages.filter(({ leased, begunAt }) => leased && begunAt === undefined);
  if (paused.receives === true) {
    queue.lose(unbegun);
    for (const message of unbegun) {
      message.takenBackUntil = message.visibleAt;
      giveBack(queue, message);
    }
    if (unbegun.length > 0) queue.seen.push("taken back by a pause");
  }
  queue.answers.push({ requestId, verb: "pause" });
}

function shutDown(queue: ModelQueue, requestId: number, immediate: boolean): void {
  queue.exists = true;
  if (queue.shutdown !== "immediate") queue.shutdown = immediate ? "immediate" : "draining";
  for (const { requestIds } of queue.blockedPuts) queue.refuse(requestIds, "shut_down");
  queue.blockedPuts = [];
  queue.answers.push({ requestId, verb: "shutdown" });
}

/** Receivers go on waiting; all other waits are refused. */
function deleteQueue(queue: ModelQueue, requestId: number, generation: string): void {
  for (const { requestIds } of queue.blockedPuts) queue.refuse(requestIds, "unknown_queue");
  for (const { requestId } of queue.joinWaiters) queue.refuseUnknown(requestId);
  for (const { requestId } of queue.transfers) if (requestId !== undefined) queue.refuse([requestId], "unavailable");
  for (const { requestId } of queue.postponed) queue.refuseUnknown(requestId);
  for (const { message } of [...queue.jobs.watches, ...queue.jobs.waits]) tellGone(queue, message, "unknown_queue");
  const { gone } = queue.jobs;
  queue.jobs.forgetRecords();
  queue.jobs = Object.assign(new ModelJobs(generation), { gone });
  for (const message of queue.messages) queue.jobs.left(message);
  queue.answers.push({ requestId, verb: "delete" });
  queue.lose(queue.messages);
  queue.exists = false;
  queue.messages = [];
  queue.blockedPuts = [];
  queue.joinWaiters = [];
  queue.keys.clear();
  queue.dedupeKeys.clear();
  queue.freedKeys.clear();
  queue.unfinished = 0;
  queue.expired = 0;
  queue.transferred = 0;
  queue.lastTransfer = 0;
  queue.transfers = [];
  queue.postponed = [];
  queue.refusal = { to: "", times: 0, until: 0 };
  queue.inboundTransfers.clear();
  queue.forgetTurns();
  queue.settings = DEFAULT_SETTINGS;
  queue.shutdown = "none";
  queue.paused = { puts: false, receives: false };
}

export function randomConfigure(both: Both, requestId: number): void {
  const maxSize = both.random.pick([0, 0, 5, 50, 400]);
  const maxAttempts = both.random.pick([0, 1, 2, 5]);
  const retryDelayMs = both.random.pick([0, 0, 700]);
  const redelivery = {
    maxAttempts,
    retryDelayMs,
    retryDelayFactor: both.random.pick([1, 2]),
    retryDelayMaxMs: 5_000,
    // What is discarded at once cannot be asked what it has drawn.
    retryDelayJitter: both.model.shutdown === "immediate" ? 0 : both.random.pick([0, 0.5, 1]),
  };
  const leaseMs = both.random.pick([1_000, 30_000]);
  const maxLeasedPerGroup = both.random.pick([1, 1, 2, 5]);
  const keys = {
    idempotencyMs: both.random.pick([300_000, 300_000, 900_000]),
    dedupeMs: both.random.pick([1_000, 60_000, 300_000]),
    resultMs: both.random.pick([0, 2_000, 60_000]),
  };
  const retention = {
    retentionMs: both.random.pick([0, 0, 0, 60_000, 400_000]),
    deadLetterExpired: both.random.chance(0.5),
  };
  const deadLetterQueue = both.random.pick([null, null, "dead1", "dead2"]);
  const order = both.random.chance(0.9) ? both.order : both.random.pick(["fifo", "lifo", "priority"] as const);
  both.tell(
    requestId,
    {
      verb: "configure",
      changes: { maxSize, order, leaseMs, maxLeasedPerGroup, ...redelivery, ...keys, ...retention, deadLetterQueue },
    },
    () =>
      configure(both.model, requestId, {
        maxSize,
        order,
        leaseMs,
        maxLeasedPerGroup,
        ...redelivery,
        ...keys,
        ...retention,
        deadLetterQueue,
      }),
  );
}

export function randomPause(both: Both, requestId: number): void {
  const isPaused = both.random.chance(0.5);
  const nothing = { puts: false, receives: false };
  const paused = both.random.pick([
    { puts: isPaused },
    { receives: isPaused },
    { receives: isPaused },
    nothing,
    nothing,
  ]);
  both.tell(requestId, { verb: "pause", paused }, () => pause(both.model, requestId, paused));
  // Handlers that began before their workers could know of the pause.
  for (let begins = both.random.integer(8); begins > 0; begins -= 1) randomBegin(both, both.newRequestId());
}

export function randomShutDown(both: Both, requestId: number): void {
  const immediate = both.random.chance(0.5) && both.model.settings.retryDelayJitter === 0;
  both.tell(requestId, { verb: "shutdown", immediate }, () => shutDown(both.model, requestId, immediate));
}

export function randomDelete(both: Both, requestId: number): void {
  both.generations += 1;
  const nextGeneration = `i${both.generations}`;
  both.tell(requestId, { verb: "delete", nextGeneration }, () => deleteQueue(both.model, requestId, nextGeneration));
}
