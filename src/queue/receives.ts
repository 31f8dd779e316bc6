import { BATCH_BYTES_MAX } from "../contract/limits.ts";
import type { ReceiveCommand, Result, SubscribeCommand } from "./base/commands.ts";
import { leaseMsOf } from "./base/configuration.ts";
import type { QueueState } from "./base/queue-state.ts";
import { shutDown, tooManyWait } from "./base/refusals.ts";
import type { Deliveries, Leases } from "./leases.ts";
import { type DeliverySource, type Handing, isFilling, type Receivers } from "./receivers.ts";
import type { Ledger } from "./store/ledger.ts";
import { type StateCounts, sumOf } from "./store/states.ts";
import type { Results } from "./waiting/results.ts";
import { WAITS_MAX, type Waits } from "./waiting/waits.ts";

/** Receives and subscriptions: they are given messages at once, or wait as receivers. */
export class Receives implements DeliverySource {
  readonly #state: QueueState;
  readonly #ledger: Ledger;
  readonly #leases: Leases;
  readonly #receivers: Receivers;
  readonly #waits: Waits;
  readonly #results: Results;

  constructor(
    state: QueueState,
    { ledger, leases }: { ledger: Ledger; leases: Leases },
    { receivers, waits, results }: { receivers: Receivers; waits: Waits; results: Results },
  ) {
    this.#state = state;
    this.#ledger = ledger;
    this.#leases = leases;
    this.#receivers = receivers;
    this.#waits = waits;
    this.#results = results;
  }

  get isEmpty(): boolean {
    return this.#receivers.isEmpty;
  }

  get visible(): number {
    return this.#ledger.counts.visible;
  }

  get hasDeliverable(): boolean {
    return !this.#results.isFull && this.#leases.hasDeliverable;
  }

  handOut(handing: Handing, now: number, bytesMax = BATCH_BYTES_MAX): Deliveries {
    const { max, autoAck, leaseMs, isPushed } = handing;
    const heldForMs = autoAck ? undefined : leaseMsOf(this.#state.configuration, leaseMs);
    const taking = { max, leaseMs: heldForMs, isBegun: isPushed !== true };
    return this.#leases.handOut(taking, now, Math.min(bytesMax, this.#results.bytesLeft));
  }

  /**
   * Undefined for a receive that waits, or that was answered. No receiver waits for a message that is visible, so a
   * receive that finds one takes it out of turn from no other.
   */
  receive(requestId: number, command: ReceiveCommand, now: number): Result | undefined {
    const { paused } = this.#state.configuration;
    if (!paused.receives && this.#leases.hasDeliverable && !isFilling(command)) {
      const { deliveries, bytes } = this.handOut(command, now, command.bytesMax);
      this.#results.add(requestId, { verb: "receive", deliveries }, bytes);
      return undefined;
    }
    if (this.#isOver) return shutDown();
    if (command.timeoutMs <= 0) return { verb: "receive", deliveries: [] };
    if (this.#waits.isFull) return tooManyWait(WAITS_MAX);
    this.#receivers.add(requestId, command, now + command.timeoutMs);
    return undefined;
  }

  /** What is visible is pushed when the command has been answered. */
  subscribe(command: SubscribeCommand, now: number): Result {
    if (this.#isOver) return shutDown();
    const leaseMs = leaseMsOf(this.#state.configuration, command.leaseMs);
    return { verb: "subscribe", credit: this.#receivers.subscribe(command, now), leaseMs, time: now };
  }

  unsubscribe(subscriber: number): Result {
    return { verb: "unsubscribe", credit: this.#receivers.unsubscribe(subscriber) };
  }

  /** Gives visible messages to the receivers that wait. Answers whether any was served. */
  serve(now: number): boolean {
    if (this.visible === 0) this.#receivers.foundNothing();
    return this.#mayServe && this.#receivers.serve(this, now);
  }

  /** When a receive that waits to fill is served with what there is, in milliseconds; else Infinity. */
  get nextFilledAt(): number {
    // While all visible messages wait for their group, time alone changes nothing.
    return this.#mayServe && this.#leases.hasDeliverable ? this.#receivers.fillBy : Number.POSITIVE_INFINITY;
  }

  /** Whether there are receivers that could be served, had this commit batch not given out as much as it may. */
  get isHeldUp(): boolean {
    return this.#mayServe && this.#receivers.isAnyReady(this, this.#ledger.totals.time) && this.#leases.hasDeliverable;
  }

  get #mayServe(): boolean {
    const { configuration, mayHandOut } = this.#state;
    return mayHandOut && !configuration.paused.receives && this.visible > 0;
  }

  /** Refuses all receivers if no message can come any more. */
  refuseIfOver(): void {
    if (this.#isOver) this.#receivers.refuse(shutDown());
  }

  /** Whether it is certain that no message will be handed out any more. One that is leased may come back. */
  get #isOver(): boolean {
    const { shutdown } = this.#state.configuration;
    return shutdown === "immediate" || (shutdown === "draining" && isDrained(this.#ledger.counts));
  }
}

/** Whether no message can be received, now or later. One that is transferring may come back. */
function isDrained(counts: Readonly<StateCounts>): boolean {
  return sumOf(counts) === counts.dead;
}
