import type { Command, Delivery } from "../../../src/queue/base/commands.ts";
import { receiptsOf, TestQueue } from "./test-queue.ts";

/** The numbers of two subscribers. */
export const SUBSCRIBER = 101;
export const OTHER_SUBSCRIBER = 102;

/** How long pushed messages are leased. */
export const LEASE_MS = 30_000;

/** A queue whose subscribers begin and end their leases. */
export class PushingQueue extends TestQueue {
  /** Subscribes in the name of a connection that was just heard. */
  override subscribe(subscriber: number, credit: number, leaseMs = LEASE_MS): number {
    this.queue.heard(subscriber);
    return super.subscribe(subscriber, credit, leaseMs);
  }

  override pushed(subscriber = SUBSCRIBER): Delivery[] {
    return super.pushed(subscriber);
  }

  /** Answers with the stale receipts. */
  begin(deliveries: readonly Delivery[]): string[] {
    return this.runNow({ verb: "begin", receipts: receiptsOf(deliveries) }).stale;
  }

  /** The attempts of each message, as a list of messages shows them. */
  attempts(): number[] {
    return this.runNow({ verb: "messages", cursor: "", limit: 1_000 }).views.map(({ attempts }) => attempts);
  }
}

/** A retry without delay. */
export function retry(deliveries: readonly Delivery[], isBegun: boolean): Command {
  const receipts = receiptsOf(deliveries);
  return isBegun ? { verb: "retry", receipts, delayMs: 0 } : { verb: "release", receipts };
}
