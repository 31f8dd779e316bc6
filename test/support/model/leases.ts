import type { JobError } from "../../../src/queue/base/commands.ts";
import type { Both } from "./both.ts";
import { randomError, randomResults } from "./job-texts.ts";
import { fail, viewOf } from "./jobs.ts";
import { type ModelLease, type ModelMessage, rulesOf } from "./message.ts";
import type { ModelQueue } from "./queue.ts";
import { remove } from "./removals.ts";

/** Does something to each message whose newest lease this is and lasts. */
function withLeases(
  queue: ModelQueue,
  requestId: number,
  leases: ModelLease[],
  change: (message: ModelMessage, index: number) => void,
): void {
  const stale: number[] = [];
  let [dead, cancelled] = [0, 0];
  for (const [index, lease] of leases.entries()) {
    const { message } = lease;
    if (isHeld(queue, lease)) {
      change(message, index);
      dead += Number(message.isDead);
    } else {
      stale.push(index);
      cancelled += Number(viewOf(queue, message).state === "cancelled");
    }
  }
  queue.answers.push({ requestId, verb: "changed", count: leases.length - stale.length, stale, dead, cancelled });
}

/** Whether it is the newest lease of its message, and lasts. */
export function isHeld(queue: ModelQueue, { message, delivery }: ModelLease): boolean {
  return queue.messages.includes(message) && message.leased && message.deliveries === delivery;
}

function begin(queue: ModelQueue, message: ModelMessage): void {
  if (message.begunAt !== undefined) return;
  message.begunAt = queue.now;
  queue.seen.push("begun");
}

/** What a pause took back of which a handler had begun already is leased again, unless it was handed out since. */
function giveAgain(queue: ModelQueue, { message, delivery }: ModelLease): void {
  const isFree = queue.messages.includes(message) && queue.stateOf(message) === "visible";
  const isSame = message.deliveries === delivery && message.group === undefined;
  const { takenBackUntil } = message;
  if (!isFree || !isSame || takenBackUntil <= queue.now) return;
  const unbegun = message.unbegun - 1;
  Object.assign(message, { leased: true, begunAt: queue.now, unbegun, visibleAt: takenBackUntil, takenBackUntil: 0 });
  queue.jobs.changed.add(message);
  queue.seen.push("begun though taken back");
}

/** Gives back a message with which no handler began. */
export function giveBack(queue: ModelQueue, message: ModelMessage, visibleAt = queue.now): void {
  Object.assign(message, { leased: false, progress: undefined, unbegun: message.unbegun + 1, visibleAt });
  queue.jobs.changed.add(message);
}

/** How an attempt failed. */
interface Failure {
  delayMs?: number | undefined;
  error?: JobError | string | undefined;
  isRejected?: boolean;
}

/** An attempt that ended without an ack. */
export function endAttempt(
  queue: ModelQueue,
  message: ModelMessage,
  endedAt: number,
  { delayMs, error, isRejected = false }: Failure = { error: message.lastError },
): void {
  const { retryDelayFactor, retryDelayMaxMs, retryDelayJitter } = queue.settings;
  const own = rulesOf(message);
  const { maxAttempts = queue.settings.maxAttempts, retryDelayMs = queue.settings.retryDelayMs } = own;
  if (own.maxAttempts !== undefined || own.retryDelayMs !== undefined) {
    queue.seen.push("attempt by its own rules");
  }
  const attempts = message.deliveries - message.unbegun - message.spared;
  Object.assign(message, { leased: false, progress: undefined });
  message.isDead = isRejected || (maxAttempts > 0 && attempts >= maxAttempts);
  const backoff = Math.min(
    Math.max(retryDelayMaxMs, own.retryDelayMs ?? 0),
    retryDelayMs * retryDelayFactor ** (attempts - 1),
  );
  const latest = endedAt + (delayMs ?? backoff);
  const hasJitter = delayMs === undefined && retryDelayJitter > 0 && latest > queue.now && !message.isDead;
  message.visibleAt = message.isDead ? endedAt : latest;
  if (hasJitter) message.visibleAt = queue.jittered(message.id, latest - backoff * retryDelayJitter, latest);
  queue.jobs.changed.add(message);
  if (!message.isDead) return;
  message.reason = isRejected ? "rejected" : undefined;
  fail(queue, message, isRejected ? "rejected" : "max_attempts", error);
  queue.unfinished = Math.max(0, queue.unfinished - 1);
}

export function randomBegin(both: Both, requestId: number): void {
  const { leases, receipts } = someLeases(both);
  both.tell(requestId, { verb: "begin", receipts }, () => {
    for (const lease of leases) giveAgain(both.model, lease);
    withLeases(both.model, requestId, leases, (held) => begin(both.model, held));
  });
}

export function randomAck(both: Both, requestId: number): void {
  const { leases, receipts } = someLeases(both);
  const finish = both.random.chance(0.7);
  const results = randomResults(both, receipts, requestId);
  both.tell(requestId, { verb: "ack", receipts, finish, results }, () =>
    withLeases(both.model, requestId, leases, (held, index) => remove(both.model, held, finish, results?.[index])),
  );
}

export function randomRetry(both: Both, requestId: number): void {
  const { leases, receipts } = someLeases(both);
  const delayMs = both.random.pick([undefined, undefined, 0, both.random.integer(10_000)]);
  const { error, text } = randomError(both, requestId);
  if (both.random.chance(0.1)) {
    both.tell(requestId, { verb: "release", receipts, delayMs }, () =>
      withLeases(both.model, requestId, leases, (held) => giveBack(both.model, held, both.now + (delayMs ?? 0))),
    );
    return;
  }
  const isRejected = both.random.chance(0.05);
  const command = isRejected
    ? ({ verb: "reject", receipts, error } as const)
    : ({ verb: "retry", receipts, delayMs, error } as const);
  both.tell(requestId, command, () =>
    withLeases(both.model, requestId, leases, (held) => {
      held.lastError = text;
      endAttempt(both.model, held, both.now, { delayMs, error, isRejected });
    }),
  );
}

export function randomExtend(both: Both, requestId: number): void {
  const { leases, receipts } = someLeases(both);
  const leaseMs = both.leaseMs();
  both.tell(requestId, { verb: "extend", receipts, leaseMs }, () =>
    withLeases(both.model, requestId, leases, (held) => {
      held.visibleAt = both.now + (leaseMs ?? both.model.settings.leaseMs);
      both.model.jobs.changed.add(held);
    }),
  );
}

export function someLeases(both: Both): { leases: ModelLease[]; receipts: string[] } {
  const { leases: known } = both.comparison;
  const leases: ModelLease[] = [];
  const receipts: string[] = [];
  for (let count = 1 + both.random.integer(4); count > 0 && known.length > 0; count -= 1) {
    // Mostly the newest, which are likely still held.
    const isRecent = both.random.chance(0.7);
    const index = known.length - 1 - both.random.integer(isRecent ? 12 : known.length);
    const { lease, receipt } = known[Math.max(0, index)] as { lease: ModelLease; receipt: string };
    leases.push(lease);
    receipts.push(receipt);
  }
  return { leases, receipts };
}
