/** A receive, which is answered once, or a subscription, to which messages are pushed again and again. */
export interface ModelReceiver {
  /** Of a subscription, the subscriber's number. */
  requestId: number;
  isSubscription: boolean;
  /** The most that it may be given; of a subscription, what is left of its credit. */
  max: number;
  /** 0 takes messages for good, undefined takes what the queue is configured to. */
  leaseMs: number | undefined;
  deadline: number;
  /** Of a subscription, when it is served no more if it is not heard before; Infinity where nothing is expected. */
  hearBy: number;
}

/** Which receivers should be given messages, and how many: an array in order of arrival. */
export class ModelReceivers {
  /** Among them subscriptions without credit, which wait for nothing and come to the end when they are granted some. */
  all: ModelReceiver[] = [];

  waiting(now: number): ModelReceiver[] {
    return this.all.filter(({ max, hearBy }) => max > 0 && hearBy > now);
  }

  /** How many each subscription may have at most of what is visible. */
  share(visible: number, now: number): number {
    return Math.max(1, Math.floor(visible / this.waiting(now).length));
  }

  /** Adds to the credit of a subscriber, and answers how much it has. */
  grant(subscriber: number, credit: number, leaseMs: number | undefined, hearBy = this.#hearByOf(subscriber)): number {
    const max = this.#creditOf(subscriber);
    const granted = {
      requestId: subscriber,
      isSubscription: true,
      max: max + credit,
      leaseMs,
      deadline: Infinity,
      hearBy,
    };
    if (max > 0) this.all = this.all.map((receiver) => (isOf(subscriber, receiver) ? granted : receiver));
    else this.all = [...this.#without(subscriber), granted];
    return granted.max;
  }

  /** Ends a subscription, and answers how much credit was left. */
  end(subscriber: number): number {
    const credit = this.#creditOf(subscriber);
    this.all = this.#without(subscriber);
    return credit;
  }

  /** A connection has said something. Answers whether it was not served any more before. */
  heard(subscriber: number, now: number): boolean {
    const receiver = this.#find(subscriber);
    if (receiver === undefined) return false;
    const isUnheard = receiver.hearBy <= now;
    if (isUnheard) this.all = [...this.#without(subscriber), receiver];
    receiver.hearBy = Infinity;
    return isUnheard && receiver.max > 0;
  }

  /**
   * A receive that was given messages is over, a subscription waits behind all others.
   *
   * @param leaseEndsAt when the leases end that it was given
   */
  served(receiver: ModelReceiver, messages: number, leaseEndsAt: number): void {
    this.all = this.all.filter((other) => other !== receiver);
    const hearBy = receiver.hearBy === Infinity ? leaseEndsAt : receiver.hearBy;
    if (receiver.isSubscription) this.all.push({ ...receiver, max: receiver.max - messages, hearBy });
  }

  #find(subscriber: number): ModelReceiver | undefined {
    return this.all.find((receiver) => isOf(subscriber, receiver));
  }

  #hearByOf(subscriber: number): number {
    return this.#find(subscriber)?.hearBy ?? Infinity;
  }

  #creditOf(subscriber: number): number {
    return this.#find(subscriber)?.max ?? 0;
  }

  #without(subscriber: number): ModelReceiver[] {
    return this.all.filter((receiver) => !isOf(subscriber, receiver));
  }
}

function isOf(subscriber: number, { requestId, isSubscription }: ModelReceiver): boolean {
  return isSubscription && requestId === subscriber;
}
