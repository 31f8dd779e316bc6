/**
 * What a queue should do, as simply as it can be said: an array of messages in order of put, searched from the front.
 * It knows nothing of blocks, rows or heaps.
 */
export interface ModelMessage {
  name: string;
  priority: number;
  /** Assigned when the real queue has answered the put. */
  id: string;
  putAt: number;
  visibleAt: number;
  leased: boolean;
  attempts: number;
  lastError: string | undefined;
}

export interface ModelPut {
  name: string;
  priority: number;
  delayMs: number;
}

export type ModelOrder = "fifo" | "lifo" | "priority";

/** What the orders mean, on messages in the order of their puts. */
const ORDERS: Record<ModelOrder, (messages: ModelMessage[]) => ModelMessage[]> = {
  fifo: (messages) => messages,
  lifo: (messages) => messages.toReversed(),
  priority: (messages) => messages.toSorted((a, b) => a.priority - b.priority),
};

export interface ModelLease {
  message: ModelMessage;
  attempt: number;
}

export type ModelAnswer =
  | { ticket: number; verb: "put"; messages: ModelMessage[]; isRepeated: boolean; isShared: boolean }
  | {
      ticket: number;
      verb: "receive";
      deliveries: { message: ModelMessage; attempt: number; lastError: string | undefined }[];
    }
  | { ticket: number; verb: "changed"; count: number; stale: number[] }
  | { ticket: number; verb: "join"; finished: boolean }
  | { ticket: number; verb: "done"; unfinished: number; isRepeated: boolean }
  | { ticket: number; verb: "purge"; purged: number }
  | { ticket: number; verb: "configured"; maxSize: number }
  | { ticket: number; verb: "shutdown" | "pause" | "delete" }
  | { ticket: number; verb: "refused"; code: string };

interface Waiting {
  ticket: number;
  deadline: number;
}
type WaitingReceiver = Waiting & { max: number; leaseMs: number | undefined };
interface WaitingPut {
  /** Those of all its tries. */
  tickets: number[];
  deadline: number;
  puts: ModelPut[];
  key: string | undefined;
}

export class ModelQueue {
  exists = false;
  messages: ModelMessage[] = [];
  maxSize = 0;
  order: ModelOrder = "fifo";
  shutdown: "none" | "draining" | "immediate" = "none";
  paused = { puts: false, receives: false };
  unfinished = 0;
  receivers: WaitingReceiver[] = [];
  putters: WaitingPut[] = [];
  joiners: Waiting[] = [];
  keys = new Map<string, { at: number; content: string; messages: ModelMessage[] }>();
  answers: ModelAnswer[] = [];
  now = 0;
  readonly #keyWindowMs: number;

  constructor(keyWindowMs: number) {
    this.#keyWindowMs = keyWindowMs;
  }

  /** A crash forgets who waits, nothing else. */
  restart(): void {
    this.receivers = [];
    this.putters = [];
    this.joiners = [];
  }

  advance(now: number): void {
    this.now = now;
    for (const message of this.messages) if (message.visibleAt <= now) message.leased = false;
    this.serve();
    const isOver = (waiting: { deadline: number }) => waiting.deadline <= now;
    for (const { ticket } of this.receivers.filter(isOver)) {
      this.answers.push({ ticket, verb: "receive", deliveries: [] });
    }
    for (const { tickets } of this.putters.filter(isOver)) this.#refuse(tickets, this.#noRoom);
    for (const { ticket } of this.joiners.filter(isOver)) {
      this.answers.push({ ticket, verb: "join", finished: false });
    }
    this.receivers = this.receivers.filter((waiting) => !isOver(waiting));
    this.putters = this.putters.filter((waiting) => !isOver(waiting));
    this.joiners = this.joiners.filter((waiting) => !isOver(waiting));
    this.serve();
  }

  visible(): ModelMessage[] {
    return ORDERS[this.order](this.messages.filter((message) => message.visibleAt <= this.now));
  }

  waiting(): number {
    return this.messages.filter((message) => !message.leased).length;
  }

  configure(ticket: number, maxSize: number, order: ModelOrder = this.order): void {
    if (order !== this.order && this.messages.length > 0) {
      this.#refuse([ticket], "order_conflict");
      return;
    }
    this.exists = true;
    this.order = order;
    this.maxSize = maxSize;
    const isTooLarge = ({ puts }: WaitingPut) => maxSize > 0 && puts.length > maxSize;
    for (const { tickets } of this.putters.filter(isTooLarge)) this.#refuse(tickets, "invalid");
    this.putters = this.putters.filter((waiting) => !isTooLarge(waiting));
    this.serve();
    this.answers.push({ ticket, verb: "configured", maxSize });
  }

  /** Receivers go on waiting; all others are told that the queue is gone. */
  delete(ticket: number): void {
    for (const { tickets } of this.putters) this.#refuse(tickets, "unknown_queue");
    for (const { ticket } of this.joiners) this.refuseUnknown(ticket);
    this.answers.push({ ticket, verb: "delete" });
    this.exists = false;
    this.messages = [];
    this.putters = [];
    this.joiners = [];
    this.keys.clear();
    this.unfinished = 0;
    this.maxSize = 0;
    this.order = "fifo";
    this.shutdown = "none";
    this.paused = { puts: false, receives: false };
  }

  refuseUnknown(ticket: number): void {
    this.#refuse([ticket], "unknown_queue");
  }

  put(waiting: WaitingPut, isWaitAllowed: boolean): void {
    const { tickets, puts, key, deadline } = waiting;
    const earlierTry = this.putters.find((other) => key !== undefined && other.key === key);
    if (this.#known(waiting)) {
      this.#admit(waiting);
    } else if (this.shutdown !== "none") {
      this.#refuse(tickets, "shut_down");
    } else if (earlierTry !== undefined) {
      // All tries of one put wait at its place and get one answer; the last one says until when.
      if (JSON.stringify(earlierTry.puts) !== JSON.stringify(puts)) {
        this.#refuse(tickets, "idempotency_key_reused");
        return;
      }
      earlierTry.tickets.push(...tickets);
      earlierTry.deadline = deadline;
    } else if (this.maxSize > 0 && puts.length > this.maxSize) {
      this.#refuse(tickets, "invalid");
    } else if (this.putters.length === 0 && this.#hasRoom(waiting)) {
      this.#admit(waiting);
      this.serve();
    } else if (isWaitAllowed) {
      this.putters.push(waiting);
    } else {
      this.#refuse(tickets, this.#noRoom);
    }
  }

  receive(receiver: WaitingReceiver, isWaitAllowed: boolean): void {
    const isAnyVisible = this.visible().length > 0 && !this.paused.receives;
    if (isAnyVisible) this.#handOut(receiver);
    else if (this.#isOver) this.#refuse([receiver.ticket], "shut_down");
    else if (isWaitAllowed) this.receivers.push(receiver);
    else this.answers.push({ ticket: receiver.ticket, verb: "receive", deliveries: [] });
    this.serve();
  }

  /** Does something to each message whose newest lease this is and lasts. */
  withLeases(ticket: number, leases: ModelLease[], change: (message: ModelMessage) => void): void {
    const stale: number[] = [];
    for (const [index, { message, attempt }] of leases.entries()) {
      const isHeld = this.messages.includes(message) && message.leased && message.attempts === attempt;
      if (isHeld) change(message);
      else stale.push(index);
    }
    this.answers.push({ ticket, verb: "changed", count: leases.length - stale.length, stale });
    this.serve();
  }

  remove(message: ModelMessage, isFinished: boolean): void {
    this.messages.splice(this.messages.indexOf(message), 1);
    if (isFinished) this.unfinished = Math.max(0, this.unfinished - 1);
  }

  done(ticket: number, count: number, key: string | undefined): void {
    const content = `done ${count}`;
    const known = this.#known({ key });
    if (known !== undefined && known.content !== content) {
      this.answers.push({ ticket, verb: "refused", code: "idempotency_key_reused" });
      return;
    }
    if (known === undefined && count > this.unfinished) {
      this.answers.push({ ticket, verb: "refused", code: "done_too_often" });
      return;
    }
    if (known === undefined) this.unfinished -= count;
    if (key !== undefined && known === undefined) this.keys.set(key, { at: this.now, content, messages: [] });
    this.answers.push({ ticket, verb: "done", unfinished: this.unfinished, isRepeated: known !== undefined });
    this.serve();
  }

  join(joiner: Waiting, isWaitAllowed: boolean): void {
    if (this.unfinished === 0) this.answers.push({ ticket: joiner.ticket, verb: "join", finished: true });
    else if (isWaitAllowed) this.joiners.push(joiner);
    else this.answers.push({ ticket: joiner.ticket, verb: "join", finished: false });
  }

  purge(ticket: number): void {
    const purged = this.messages.length;
    this.messages = [];
    this.unfinished = Math.max(0, this.unfinished - purged);
    this.answers.push({ ticket, verb: "purge", purged });
    this.serve();
  }

  shutDown(ticket: number, immediate: boolean): void {
    this.exists = true;
    if (this.shutdown !== "immediate") this.shutdown = immediate ? "immediate" : "draining";
    for (const { tickets } of this.putters) this.#refuse(tickets, "shut_down");
    this.putters = [];
    this.serve();
    this.answers.push({ ticket, verb: "shutdown" });
  }

  pause(ticket: number, paused: { puts?: boolean; receives?: boolean }): void {
    this.exists = true;
    this.paused = { ...this.paused, ...paused };
    this.serve();
    this.answers.push({ ticket, verb: "pause" });
  }

  get #noRoom(): string {
    return this.paused.puts ? "paused" : "full";
  }

  /** Nobody will receive anything any more. */
  get #isOver(): boolean {
    return this.shutdown === "immediate" || (this.shutdown === "draining" && this.messages.length === 0);
  }

  serve(): void {
    if (this.shutdown === "immediate") {
      const leased = this.messages.filter(({ leased }) => leased);
      this.unfinished = Math.max(0, this.unfinished - (this.messages.length - leased.length));
      this.messages = leased;
    }
    // In turns: all who can be served receive, then all puts that fit come in.
    for (let isAnyoneServed = true; isAnyoneServed; ) {
      isAnyoneServed = false;
      while (!this.paused.receives && this.receivers.length > 0 && this.visible().length > 0) {
        this.#handOut(this.receivers.shift() as WaitingReceiver);
        isAnyoneServed = true;
      }
      while (this.putters[0] !== undefined && this.#hasRoom(this.putters[0])) {
        this.#admit(this.putters.shift() as WaitingPut);
        isAnyoneServed = true;
      }
    }
    if (this.unfinished === 0) {
      for (const { ticket } of this.joiners) this.answers.push({ ticket, verb: "join", finished: true });
      this.joiners = [];
    }
    if (this.#isOver) {
      for (const { ticket } of this.receivers) this.#refuse([ticket], "shut_down");
      this.receivers = [];
    }
  }

  #known({ key }: { key: string | undefined }) {
    const known = key === undefined ? undefined : this.keys.get(key);
    return known !== undefined && known.at + this.#keyWindowMs > this.now ? known : undefined;
  }

  #hasRoom({ puts }: WaitingPut): boolean {
    if (this.paused.puts) return false;
    return this.maxSize === 0 || this.waiting() + puts.length <= this.maxSize;
  }

  #admit(waiting: WaitingPut): void {
    const { tickets, puts, key } = waiting;
    this.exists = true;
    const content = JSON.stringify(puts);
    const known = this.#known(waiting);
    if (known !== undefined && known.content !== content) {
      this.#refuse(tickets, "idempotency_key_reused");
      return;
    }
    const messages = known?.messages ?? puts.map((put) => this.#store(put));
    if (key !== undefined && known === undefined) this.keys.set(key, { at: this.now, content, messages });
    const isRepeated = known !== undefined;
    const isShared = tickets.length > 1;
    for (const ticket of tickets) this.answers.push({ ticket, verb: "put", messages, isRepeated, isShared });
  }

  #refuse(tickets: number[], code: string): void {
    for (const ticket of tickets) this.answers.push({ ticket, verb: "refused", code });
  }

  #store({ name, priority, delayMs }: ModelPut): ModelMessage {
    const message = {
      name,
      priority,
      id: "",
      putAt: this.now,
      visibleAt: this.now + delayMs,
      leased: false,
      attempts: 0,
      lastError: undefined,
    };
    this.messages.push(message);
    this.unfinished += 1;
    return message;
  }

  #handOut({ ticket, max, leaseMs }: WaitingReceiver): void {
    const deliveries = this.visible()
      .slice(0, max)
      .map((message) => {
        message.attempts += 1;
        message.leased = true;
        message.visibleAt = this.now + (leaseMs ?? 0);
        if (leaseMs === undefined) this.remove(message, false);
        return { message, attempt: message.attempts, lastError: message.lastError };
      });
    this.answers.push({ ticket, verb: "receive", deliveries });
  }
}
