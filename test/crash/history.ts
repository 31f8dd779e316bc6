/**
 * What the clients of the crash test and of the cut test saw, and what may not be true of it. The words are Jepsen's: a put was attempted,
 * acknowledged when its answer came; what was delivered is ok, lost, unexpected or duplicated.
 */
export interface Delivery {
  value: string;
  id: string;
  /** Which delivery of the message this is, as its receipt says. */
  number: number;
  attempt: number;
  /** Whether the server counts the attempt at once, and not only when it is told that a handler has begun. */
  isBegun: boolean;
  /** The lease by the server's clock, in milliseconds. It may end earlier, by an ack. */
  leasedAt: number;
  leaseEndsAt: number;
}

export interface Verdict {
  attempted: number;
  acknowledged: number;
  deliveries: number;
  redeliveries: number;
  acked: number;
  /** Acknowledged puts that never came out. */
  lost: string[];
  /** Deliveries of messages that were never put. */
  unexpected: string[];
  /** Puts that were stored as more than one message. */
  doubled: string[];
  /** Messages that were handed out after their ack was acknowledged. */
  ackUndone: string[];
  /** Messages that two held at the same time. */
  doublyLeased: string[];
  /** Numbers of deliveries that came back: a receipt that could fit two leases. */
  numberRepeated: string[];
  /** Attempts that went down, or were not counted although the message had been begun. */
  attemptForgotten: string[];
  isClean: boolean;
}

export class CrashHistory {
  readonly #attempted = new Set<string>();
  readonly #acknowledged = new Map<string, string>();
  readonly #deliveries = new Map<string, Delivery[]>();
  /** Each value with how many were acked before it, and which of its deliveries it was. */
  readonly #acked = new Map<string, { position: number; number: number }>();
  readonly #ackUndone = new Set<string>();

  get acknowledged(): number {
    return this.#acknowledged.size;
  }

  get acked(): number {
    return this.#acked.size;
  }

  putAttempted(value: string): void {
    this.#attempted.add(value);
  }

  putAcknowledged(value: string, id: string): void {
    this.#acknowledged.set(value, id);
  }

  /** @param ackedBefore what `acked` was when the receive was sent that this is the answer to; 0 for what was pushed */
  delivered(delivery: Delivery, ackedBefore: number): void {
    const acked = this.#acked.get(delivery.value);
    if (acked !== undefined && acked.position < ackedBefore) this.#ackUndone.add(delivery.value);
    const deliveries = this.#deliveries.get(delivery.value);
    if (deliveries === undefined) this.#deliveries.set(delivery.value, [delivery]);
    else deliveries.push(delivery);
  }

  /** @param number that of the delivery */
  ackAcknowledged(value: string, number: number): void {
    this.#acked.set(value, { position: this.#acked.size, number });
  }

  /** To be called when the queue was drained. */
  verdict(): Verdict {
    const all = [...this.#deliveries.entries()];
    const valuesWhere = (isFound: (deliveries: Delivery[]) => boolean) =>
      all.filter(([, deliveries]) => isFound(deliveries)).map(([value]) => value);
    const lost = [...this.#acknowledged.keys()].filter((value) => !this.#deliveries.has(value));
    const unexpected = [...this.#deliveries.keys()].filter((value) => !this.#attempted.has(value));
    const doubled = all
      .filter(([value, deliveries]) => {
        const ids = new Set(deliveries.map(({ id }) => id));
        const acknowledgedId = this.#acknowledged.get(value);
        if (acknowledgedId !== undefined) ids.add(acknowledgedId);
        return ids.size > 1;
      })
      .map(([value]) => value);
    const doublyLeased = valuesWhere(isDoublyLeased);
    const numberRepeated = valuesWhere(hasRepeatedNumber);
    const attemptForgotten = valuesWhere(hasForgottenAttempt);
    for (const [value, { number }] of this.#acked) {
      if (this.#deliveries.get(value)?.some((later) => later.number > number)) this.#ackUndone.add(value);
    }
    const ackUndone = [...this.#ackUndone];
    const deliveries = all.reduce((sum, [, list]) => sum + list.length, 0);
    const faults = [lost, unexpected, doubled, ackUndone, doublyLeased, numberRepeated, attemptForgotten];
    return {
      attempted: this.#attempted.size,
      acknowledged: this.#acknowledged.size,
      deliveries,
      redeliveries: deliveries - all.length,
      acked: this.#acked.size,
      lost,
      unexpected,
      doubled,
      ackUndone,
      doublyLeased,
      numberRepeated,
      attemptForgotten,
      isClean: faults.every((values) => values.length === 0),
    };
  }
}

/** Consumers here never hold a message after its ack and never give it back early: a lease lasts until the next or its end. */
function isDoublyLeased(deliveries: Delivery[]): boolean {
  return hasNeighbours(deliveries, (delivery, next) => next.leasedAt < delivery.leaseEndsAt);
}

function hasRepeatedNumber(deliveries: Delivery[]): boolean {
  return hasNeighbours(deliveries, (delivery, next) => next.number === delivery.number);
}

function hasForgottenAttempt(deliveries: Delivery[]): boolean {
  return hasNeighbours(deliveries, ({ attempt, isBegun }, next) => next.attempt < attempt + (isBegun ? 1 : 0));
}

/** Whether there are two deliveries, one after the other, of which this is true. */
function hasNeighbours(deliveries: Delivery[], isFound: (delivery: Delivery, next: Delivery) => boolean): boolean {
  const inOrder = deliveries.toSorted((a, b) => a.number - b.number);
  return inOrder.some((delivery, index) => {
    const next = inOrder[index + 1];
    return next !== undefined && isFound(delivery, next);
  });
}
