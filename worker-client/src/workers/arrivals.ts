import type { ReceivedMessage } from "../../../src/api/types.ts";
import { Lease } from "../message/lease.ts";
import { Message } from "../message/message.ts";
import type { QueueCalls } from "../message/queue-calls.ts";

/** The leases of messages that have come. */
interface Leases {
  /** How long they last when they are new, in milliseconds. */
  leaseMs: number;
  /** What is left of one, by when it ends, in milliseconds. */
  leftMs: (endsAt: number) => number;
  /** How long messages may have waited here before they were read, in milliseconds. */
  unreadMs: number;
}

/** Messages that have come: those in time, and those whose leases are over, which may be another consumer's by now. */
export function arrivalsOf(
  received: readonly ReceivedMessage[],
  calls: QueueCalls,
  { leaseMs, leftMs, unreadMs }: Leases,
): { inTime: Message<unknown>[]; late: Message<unknown>[] } {
  const inTime: Message<unknown>[] = [];
  const late: Message<unknown>[] = [];
  for (const each of received) {
    const lease = new Lease(leaseMs, Math.min(leftMs(each.leaseEndsAt ?? 0), leaseMs - unreadMs));
    const message = new Message<unknown>(each, lease, calls);
    if (lease.leftMs > 0) inTime.push(message);
    else late.push(message);
  }
  return { inTime, late };
}
