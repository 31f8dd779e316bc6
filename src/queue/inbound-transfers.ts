import type { ReceiveTransferCommand, Result } from "./base/commands.ts";
import type { QueueState } from "./base/queue-state.ts";
import { shutDown, storageFull } from "./base/refusals.ts";
import type { Puts } from "./puts.ts";
import type { InboundTransfer, RowReader } from "./store/rows.ts";
import type { Totals } from "./store/totals.ts";

/** So many senders are remembered, however long ago they last sent something. */
export const SENDERS_MIN = 1_000;

/** Beyond those, a sender is remembered for as long: 30 days. */
export const SENDER_KEPT_MS = 30 * 86_400_000;

/**
 * A sender that does not know the outcome of its transfer asks again at least each minute while the servers run. After
 * an outage they have run for so long, an hour, before a sender counts as one that asks no more.
 */
export const SENDERS_RUN_MS = 3_600_000;

/** A sender that asks after the same transfer again is noted as used when the last note is older than a day. */
const NOTED_AGAIN_MS = 86_400_000;

/** Inbound transfers between two looks for senders to be forgotten: each look reads all that are remembered. */
const TRANSFERS_PER_LOOK = 100;

/** Senders that one look forgets: more than can have come since the one before. */
export const SENDERS_FORGOTTEN_MAX = 2 * TRANSFERS_PER_LOOK;

/** What became of the last transfer from each other queue. No sender asks about those before it any more. */
export class InboundTransfers {
  readonly #state: QueueState;
  readonly #reader: RowReader;
  readonly #puts: Puts;
  readonly #totals: Pick<Totals, "time">;
  readonly #uncommitted = new Map<string, InboundTransfer>();
  #transfersToLook = 0;

  /** @param totals know the time */
  constructor(state: QueueState, reader: RowReader, { totals, puts }: { totals: Pick<Totals, "time">; puts: Puts }) {
    this.#state = state;
    this.#reader = reader;
    this.#totals = totals;
    this.#puts = puts;
  }

  /** Neither a bound nor a pause holds up what comes from another queue: it was put long ago. */
  receive({ queue, generation, number, messages }: ReceiveTransferCommand, now: number): Result {
    const source = `${queue}/${generation}`;
    const known = this.#outcomeOf(source, number);
    const { exists, isStorageFull, configuration } = this.#state;
    const isShutDown = configuration.shutdown !== "none";
    // A queue that is new has room, although the one before it, deleted in the same commit batch, may have had none.
    const isRefused = exists && (isShutDown || isStorageFull);
    if (known === undefined) this.#remember({ source, number, isRefused });
    if (known === "refused" || (known === undefined && isRefused)) return isShutDown ? shutDown() : storageFull();
    if (known === "accepted") return { verb: "receive_transfer", ids: [] };
    const newMessages = messages.map(({ deadLetter, ...message }) => ({
      ...message,
      delayMs: 0,
      deadLetter: deadLetter && { queue, ...deadLetter },
    }));
    const { ids } = this.#puts.store({ command: { verb: "put", messages: newMessages, timeoutMs: 0 } }, now);
    return { verb: "receive_transfer", ids };
  }

  /**
   * What became of a transfer; undefined for one that is new. A refusal is remembered too: a try that was on its way for
   * a long time must not come in after another one was refused, because the sender has the messages back then.
   */
  #outcomeOf(source: string, number: number): "accepted" | "refused" | undefined {
    const last = this.#uncommitted.get(source) ?? this.#reader.lastInboundTransfer(source);
    if (last === undefined || number > last.number) return undefined;
    if (this.#totals.time - last.usedAt > NOTED_AGAIN_MS) this.#remember(last);
    return number === last.number && last.isRefused ? "refused" : "accepted";
  }

  #remember({ source, number, isRefused }: Omit<InboundTransfer, "usedAt">): void {
    this.#uncommitted.set(source, { source, number, isRefused, usedAt: this.#totals.time });
  }

  get areUncommitted(): boolean {
    return this.#uncommitted.size > 0;
  }

  /** What to store, and who need not be remembered any more. */
  takeUncommitted(): { inboundTransfers: InboundTransfer[]; forgottenSenders: string[] } {
    const inboundTransfers = [...this.#uncommitted.values()];
    this.#uncommitted.clear();
    this.#transfersToLook -= inboundTransfers.length;
    const forgotten = inboundTransfers.length > 0 && this.#transfersToLook <= 0 ? this.#forgettable() : [];
    return { inboundTransfers, forgottenSenders: forgotten };
  }

  /**
   * Senders beyond those that are always remembered which can be forgotten, because none of them sends any more: there
   * was an arrival long after they were used last, and since then a while has passed.
   */
  #forgettable(): string[] {
    this.#transfersToLook = TRANSFERS_PER_LOOK;
    const { sources, lastUsedAt } = this.#reader.sendersUsedBy(this.#totals.time - SENDERS_RUN_MS);
    const most = Math.min(sources - SENDERS_MIN, SENDERS_FORGOTTEN_MAX);
    return most <= 0 ? [] : this.#reader.sendersUnusedSince(lastUsedAt - SENDER_KEPT_MS, most);
  }
}
