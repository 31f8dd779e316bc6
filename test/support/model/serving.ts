import type { WaitingPut } from "./answers.ts";
import { fail, removeUnfinished, tellChanges } from "./jobs.ts";
import { endAttempt, giveBack } from "./leases.ts";
import { type ModelMessage, rulesOf } from "./message.ts";
import { admit, freeKeys, hasRoom } from "./puts.ts";
import type { ModelQueue } from "./queue.ts";
import { handOut } from "./receives.ts";
import { endWaits } from "./waits.ts";

export function serve(queue: ModelQueue): void {
  expire(queue);
  if (queue.shutdown === "immediate") {
    const kept = queue.messages.filter((message) => !["visible", "delayed"].includes(queue.stateOf(message)));
    queue.unfinished = Math.max(0, queue.unfinished - (queue.messages.length - kept.length));
    const discarded = queue.messages.filter((message) => !kept.includes(message));
    freeKeys(queue, discarded);
    for (const message of discarded) {
      removeUnfinished(queue, message);
      queue.jobs.left(message);
    }
    queue.messages = kept;
  }
  // In turns: all receivers that can be served receive, then all puts that fit are stored.
  for (let isAnyoneServed = true; isAnyoneServed; ) {
    isAnyoneServed = false;
    while (!queue.paused.receives && queue.receivers.waiting(queue.now).length > 0 && queue.next() !== undefined) {
      const share = queue.receivers.share(queue.visible().length, queue.now);
      for (const receiver of queue.receivers.waiting(queue.now)) {
        if (queue.next() !== undefined) handOut(queue, receiver, share);
      }
      isAnyoneServed = true;
    }
    while (queue.blockedPuts[0] !== undefined && hasRoom(queue, queue.blockedPuts[0])) {
      admit(queue, queue.blockedPuts.shift() as WaitingPut);
      isAnyoneServed = true;
    }
  }
  if (queue.unfinished === 0) {
    for (const { requestId } of queue.joinWaiters) queue.answers.push({ requestId, verb: "join", finished: true });
    queue.joinWaiters = [];
  }
  tellChanges(queue);
  if (queue.isOver) {
    for (const { requestId, isSubscription: endsSubscription } of queue.receivers.all) {
      queue.answers.push({ requestId, verb: "refused", code: "shut_down", endsSubscription });
    }
    queue.receivers.all = [];
  }
}

/** What is visible and too old is not handed out any more. */
function expire(queue: ModelQueue): void {
  const { retentionMs, deadLetterExpired } = queue.settings;
  const msOf = (message: ModelMessage) => rulesOf(message).retentionMs ?? retentionMs;
  const isOver = (message: ModelMessage) => msOf(message) > 0 && message.since + msOf(message) <= queue.now;
  for (const message of queue.visible().filter(isOver)) {
    if (rulesOf(message).retentionMs !== undefined) queue.seen.push("expired by its own retention");
    queue.unfinished = Math.max(0, queue.unfinished - 1);
    fail(queue, message, "expired", message.lastError);
    if (deadLetterExpired) {
      const expiredAt = message.since + msOf(message);
      const visibleAt = queue.jittered(message.id, expiredAt, Math.max(expiredAt, message.visibleAt));
      Object.assign(message, { isDead: true, reason: "expired", visibleAt });
    } else {
      queue.messages.splice(queue.messages.indexOf(message), 1);
      queue.jobs.left(message);
      queue.expired += 1;
    }
  }
}

export function advance(queue: ModelQueue, now: number): void {
  queue.now = now;
  for (const message of queue.messages) {
    if (!message.leased || message.visibleAt > now) continue;
    if (message.begunAt !== undefined) {
      endAttempt(queue, message, message.visibleAt);
    } else {
      giveBack(queue, message, message.visibleAt);
      queue.seen.push("lease over unbegun");
    }
  }
  serve(queue);
  endWaits(
    queue,
    queue.waits().filter(({ deadline }) => deadline <= now),
  );
  serve(queue);
}
