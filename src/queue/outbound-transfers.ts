import { BATCH_BYTES_MAX, BATCH_MESSAGES_MAX } from "../contract/limits.ts";
import { utf8Bytes } from "./base/bytes.ts";
import type { Outcome, TransferredMessage } from "./base/commands.ts";
import { formatId } from "./base/receipt.ts";
import type { Outcomes } from "./jobs/outcomes.ts";
import type { Backlog, PlacedMessage } from "./schedule/backlog.ts";
import { attemptsOf } from "./store/attempts.ts";
import type { Ledger } from "./store/ledger.ts";
import { contentOf, deadLetterOf, headersOf, priorityOf, putAtOf, rulesOf } from "./store/payload-text.ts";
import type { Payloads } from "./store/payloads.ts";
import { DEAD, DELAYED, type PresentState, TRANSFERRING, VISIBLE } from "./store/states.ts";
import type { Totals, Transfer } from "./store/totals.ts";

/** The pause after an attempt whose outcome is not known; doubled each time, up to the maximum. */
const RETRY_MS = 1_000;
const RETRY_MS_MAX = 60_000;
/** How long nothing is sent to a queue that refused dead letters; doubled each time, up to the maximum. */
const REFUSED_MS = 60_000;
const REFUSED_MS_MAX = 3_600_000;
/** After this time the outcome of an attempt counts as not known. */
const ATTEMPT_MS = 30_000;

/** A transfer as it is sent to another queue: the same however often it is sent. */
export interface OutboundTransfer extends Transfer {
  /** Of the queue that sends it. */
  generation: string;
  messages: TransferredMessage[];
}

/** What outbound transfers are made of. */
interface TransferParts {
  backlog: Backlog;
  payloads: Payloads;
  ledger: Ledger;
  outcomes: Outcomes;
}

interface Attempts {
  failures: number;
  /** When to look at it again. */
  nextAt: number;
}

/**
 * Moves messages to other queues, so that a crash at any time loses and doubles none.
 *
 * A transfer is a number and the messages that are marked with it. Both are stored before anything is sent, and stay
 * until the other queue has answered. That one remembers the last number from here, in the commit that stores the
 * messages, so however often a transfer is sent, it is stored once. To each queue one transfer is on its way at a time.
 */
export class OutboundTransfers {
  readonly #generation: string;
  readonly #idPrefix: string;
  readonly #backlog: Backlog;
  readonly #payloads: Payloads;
  readonly #ledger: Ledger;
  readonly #outcomes: Outcomes;
  readonly #totals: Totals;
  readonly #attempts = new Map<number, Attempts>();

  constructor(
    { generation, idPrefix }: { generation: string; idPrefix: string },
    { backlog, payloads, ledger, outcomes }: TransferParts,
  ) {
    this.#generation = generation;
    this.#idPrefix = idPrefix;
    this.#backlog = backlog;
    this.#payloads = payloads;
    this.#ledger = ledger;
    this.#outcomes = outcomes;
    this.#totals = ledger.totals;
  }

  isUnderWayTo(queue: string): boolean {
    return this.#totals.transfers.some(({ to }) => to === queue);
  }

  /** Begins to move the first of these messages, as many as are moved at once. None must be under way to that queue. */
  begin(to: string, places: Iterable<PlacedMessage>, areDeadLetters: boolean): number {
    const number = this.#totals.lastTransfer + 1;
    let messages = 0;
    let bytes = 0;
    for (const { segment, index } of places) {
      if (messages === BATCH_MESSAGES_MAX || bytes >= BATCH_BYTES_MAX) break;
      segment.note(index, { transfer: number, was: segment.stateOf(index) as PresentState });
      this.#backlog.move(segment, index, TRANSFERRING, segment.visibleAtOf(index));
      messages += 1;
      bytes += utf8Bytes(this.#payloads.of(segment, index));
    }
    this.#totals.lastTransfer = number;
    this.#totals.transfers = [...this.#totals.transfers, { number, to, areDeadLetters }];
    return number;
  }

  /** Begins to move what is dead, unless the other queue is being waited for. */
  beginDeadLetters(to: string, now: number): void {
    if (this.#ledger.counts.dead === 0 || this.isUnderWayTo(to) || now < this.#backoffUntil(to)) return;
    const places = this.#backlog.places(DEAD);
    // A queue that has refused is asked with one: each that is refused costs its row twice.
    const isInDoubt = this.#totals.backoff?.to === to;
    this.begin(to, isInDoubt ? [places.next().value as PlacedMessage] : places, true);
  }

  /** The stored transfers whose next attempt is due. Each attempt must be followed by `applyOutcome`. */
  takeOutboundTransfers(now: number): OutboundTransfer[] {
    return this.#totals.transfers.flatMap((transfer) => {
      const attempts = this.#attemptsOf(transfer.number);
      if (attempts.nextAt > now) return [];
      this.#attempts.set(transfer.number, { ...attempts, nextAt: now + ATTEMPT_MS });
      const messages = this.#placesOf(transfer.number).map((place) => this.#messageAt(place, transfer));
      return [{ ...transfer, generation: this.#generation, messages }];
    });
  }

  /** The queue to which a transfer goes that is under way. */
  destinationOf(number: number): string | undefined {
    return this.#numbered(number)?.to;
  }

  #numbered(number: number): Transfer | undefined {
    return this.#totals.transfers.find((transfer) => transfer.number === number);
  }

  /** Takes in the outcome of an attempt. Answers how many messages are gone. */
  applyOutcome(number: number, outcome: Outcome, now: number): number {
    const transfer = this.#numbered(number);
    if (transfer === undefined) return 0;
    if (outcome === "unknown") {
      const { failures } = this.#attemptsOf(number);
      this.#attempts.set(number, { failures: failures + 1, nextAt: now + doubled(RETRY_MS, failures, RETRY_MS_MAX) });
      return 0;
    }
    const places = this.#placesOf(number);
    for (const { segment, index } of places) {
      const { was = DEAD } = segment.noteOf(index);
      if (outcome === "accepted") {
        this.#outcomes.transferred({ segment, index });
        this.#backlog.remove(segment, index, "transferred", was !== DEAD);
      } else {
        const visibleAt = segment.visibleAtOf(index);
        segment.note(index, { transfer: undefined, was: undefined });
        this.#backlog.move(segment, index, was === DELAYED && visibleAt <= now ? VISIBLE : was, visibleAt);
      }
    }
    this.#totals.transfers = this.#totals.transfers.filter((other) => other !== transfer);
    this.#attempts.delete(number);
    if (transfer.areDeadLetters) this.#noteBackoff(transfer.to, outcome === "refused", now);
    return outcome === "refused" ? 0 : places.length;
  }

  /** Stored, because each attempt marks messages and writes their rows: a restart must not begin anew. */
  #noteBackoff(to: string, isRefused: boolean, now: number): void {
    const { backoff } = this.#totals;
    const times = backoff?.to === to ? backoff.times : 0;
    const until = now + doubled(REFUSED_MS, times, REFUSED_MS_MAX);
    if (isRefused) this.#totals.backoff = { to, times: times + 1, until };
    else if (backoff?.to === to) this.#totals.backoff = null;
  }

  /** Lets a queue that refused dead letters be asked again at once. False if there is none. */
  clearBackoff(): boolean {
    const hadBackoff = this.#totals.backoff !== null;
    this.#totals.backoff = null;
    return hadBackoff;
  }

  #backoffUntil(to: string): number {
    const { backoff } = this.#totals;
    return backoff?.to === to ? backoff.until : 0;
  }

  /** When to look again at what is under way, or at what is dead and goes to this queue; else Infinity. */
  nextLookAt(deadLetterQueue: string | null): number {
    const looks = this.#totals.transfers.map(({ number }) => this.#attemptsOf(number).nextAt);
    if (deadLetterQueue === null || this.#ledger.counts.dead === 0 || this.isUnderWayTo(deadLetterQueue)) {
      return Math.min(...looks, Number.POSITIVE_INFINITY);
    }
    return Math.min(...looks, this.#backoffUntil(deadLetterQueue));
  }

  #attemptsOf(number: number): Attempts {
    return this.#attempts.get(number) ?? { failures: 0, nextAt: 0 };
  }

  #placesOf(number: number): PlacedMessage[] {
    return [...this.#backlog.places(TRANSFERRING)].filter(
      ({ segment, index }) => segment.noteOf(index).transfer === number,
    );
  }

  #messageAt({ segment, index }: PlacedMessage, { areDeadLetters }: Transfer): TransferredMessage {
    const payload = this.#payloads.of(segment, index);
    const group = this.#backlog.groups.groupOf(segment, index);
    const message = {
      ...{ content: contentOf(payload), priority: priorityOf(payload), group },
      ...{ headers: headersOf(payload), rules: rulesOf(payload) },
    };
    if (!areDeadLetters) return message;
    const { error, reason = "max_attempts" } = segment.noteOf(index);
    return {
      ...message,
      deadLetter: {
        id: formatId(this.#idPrefix, segment.originOf(index)),
        reason,
        attempts: attemptsOf(segment, index),
        // Of a message that has died before, that is known from there.
        firstPutAt: deadLetterOf(payload)?.firstPutAt ?? putAtOf(payload) / 1_000,
        diedAt: segment.visibleAtOf(index) / 1_000,
        lastError: error,
      },
    };
  }
}

function doubled(firstMs: number, times: number, mostMs: number): number {
  return Math.min(mostMs, firstMs * 2 ** times);
}
