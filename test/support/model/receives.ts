import type { Command } from "../../../src/queue/base/commands.ts";
import type { Both } from "./both.ts";
import type { ModelDelivery } from "./message.ts";
import type { ModelQueue } from "./queue.ts";
import type { ModelReceiver } from "./receivers.ts";
import { remove } from "./removals.ts";

function receive(
  queue: ModelQueue,
  receive: Omit<ModelReceiver, "isSubscription" | "hearBy">,
  isWaitAllowed: boolean,
): void {
  const receiver = { ...receive, isSubscription: false, hearBy: Number.POSITIVE_INFINITY };
  const hasDeliverable = !queue.paused.receives && queue.next() !== undefined;
  if (hasDeliverable) handOut(queue, receiver, receiver.max);
  else if (queue.isOver) queue.refuse([receiver.requestId], "shut_down");
  else if (isWaitAllowed) queue.receivers.all.push(receiver);
  else queue.answers.push({ requestId: receiver.requestId, verb: "receive", deliveries: [] });
}

/** @param hearBy of a subscription that is restored */
function subscribe(
  queue: ModelQueue,
  requestId: number,
  grant: { subscriber: number; credit: number; leaseMs: number | undefined; hearBy?: number },
): void {
  const { subscriber, credit, leaseMs, hearBy } = grant;
  if (queue.isOver) queue.refuse([requestId], "shut_down");
  else {
    const granted = queue.receivers.grant(subscriber, credit, leaseMs, hearBy);
    queue.answers.push({ requestId, verb: "subscribe", credit: granted });
  }
}

function heard(queue: ModelQueue, subscriber: number): void {
  if (queue.receivers.heard(subscriber, queue.now)) queue.seen.push("heard again");
}

function unsubscribe(queue: ModelQueue, requestId: number, subscriber: number): void {
  queue.answers.push({ requestId, verb: "unsubscribe", credit: queue.receivers.end(subscriber) });
}

/** @param share the most that a subscription is given */
export function handOut(queue: ModelQueue, receiver: ModelReceiver, share: number): void {
  const { requestId, max, leaseMs, isSubscription } = receiver;
  const most = isSubscription ? Math.min(max, share) : max;
  const leaseEndsAt = queue.now + (leaseMs ?? queue.settings.leaseMs);
  const deliveries: ModelDelivery[] = [];
  const visible = queue.visible();
  for (let next = queue.next(visible); next !== undefined && deliveries.length < most; next = queue.next(visible)) {
    const message = next;
    visible.splice(visible.indexOf(message), 1);
    message.deliveries += 1;
    message.leased = true;
    message.begunAt = isSubscription ? undefined : queue.now;
    message.visibleAt = leaseEndsAt;
    queue.jobs.changed.add(message);
    queue.served(message.group);
    if (leaseMs === 0) remove(queue, message, false);
    const { deliveries: delivery, unbegun, lastError } = message;
    deliveries.push({ message, delivery, attempt: delivery - unbegun, lastError });
  }
  queue.receivers.served(receiver, deliveries.length, leaseEndsAt);
  if (isSubscription) {
    const isShare = deliveries.length === share && share < max && queue.next(visible) !== undefined;
    queue.answers.push({ requestId, verb: "push", deliveries, isShare, isLast: deliveries.length === max });
  } else {
    queue.answers.push({ requestId, verb: "receive", deliveries });
  }
}

export function randomReceive(both: Both, requestId: number): void {
  const random = both.random;
  const max = 1 + random.integer(random.chance(0.3) ? 30 : 2);
  const timeoutMs = both.waitMs();
  const autoAck = random.chance(0.1);
  const leaseMs = autoAck ? 0 : both.leaseMs();
  both.tell(requestId, receiveCommand(max, leaseMs, timeoutMs), () =>
    receive(both.model, { requestId, max, leaseMs, deadline: both.now + timeoutMs }, timeoutMs > 0),
  );
}

export function randomSubscribe(both: Both, requestId: number): void {
  const subscriber = both.random.pick(both.subscribers);
  const credit = 1 + both.random.integer(both.random.chance(0.2) ? 30 : 4);
  const leaseMs = both.leaseMs();
  if (both.random.chance(0.5)) hear(both, subscriber);
  both.tell(requestId, { verb: "subscribe", subscriber, credit, leaseMs }, () =>
    subscribe(both.model, requestId, { subscriber, credit, leaseMs }),
  );
}

export function randomUnsubscribe(both: Both, requestId: number): void {
  const subscriber = both.random.pick(both.subscribers);
  both.tell(requestId, { verb: "unsubscribe", subscriber }, () => unsubscribe(both.model, requestId, subscriber));
}

export function waitAgain(
  both: Both,
  { requestId, isSubscription, max, leaseMs, deadline, hearBy }: ModelReceiver,
): void {
  both.comparison.see(isSubscription ? "subscribed again" : "waited again");
  if (isSubscription) {
    if (hearBy <= both.now) both.comparison.see("subscribed again unheard");
    const kept = hearBy === Number.POSITIVE_INFINITY ? {} : { hearBy };
    both.tell(requestId, { verb: "subscribe", subscriber: requestId, credit: max, leaseMs, ...kept }, () =>
      subscribe(both.model, requestId, { subscriber: requestId, credit: max, leaseMs, ...kept }),
    );
  } else {
    both.tell(requestId, receiveCommand(max, leaseMs, deadline), () =>
      receive(both.model, { requestId, max, leaseMs, deadline }, true),
    );
  }
  both.compare();
}

/** @param leaseMs as the model has it: 0 takes messages for good */
function receiveCommand(max: number, leaseMs: number | undefined, timeoutMs: number): Command {
  const autoAck = leaseMs === 0;
  return { verb: "receive", max, leaseMs: autoAck ? undefined : leaseMs, timeoutMs, autoAck };
}

/** A connection sends something. If it has no subscription, nothing is served before that. */
export function hear(both: Both, subscriber: number): void {
  both.queue.heard(subscriber);
  heard(both.model, subscriber);
}
