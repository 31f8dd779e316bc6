import {
  attemptsOf,
  byPlace,
  comparePlaces,
  type ModelDelivery,
  type ModelLease,
  type ModelMessage,
  type ModelOrder,
  type ModelPut,
  ORDERS,
} from "./model-message.ts";
import { type ModelReceiver, ModelReceivers } from "./model-receivers.ts";

export interface ModelSettings {
  maxSize: number;
  order: ModelOrder;
  maxLeasedPerGroup: number;
  maxAttempts: number;
  retryDelayMs: number;
  retryDelayFactor: number;
  retryDelayMaxMs: number;
  retryDelayJitter: number;
  leaseMs: number;
  idempotencyMs: number;
  dedupeMs: number;
  retentionMs: number;
  deadLetterExpired: boolean;
  deadLetterQueue: string;
}

export interface ModelRedrive {
  ids: string[] | undefined;
  max: number;
  to: string | undefined;
  from: string | undefined;
}

export interface ModelTransfer {
  number: number;
  to: string;
  areDeadLetters: boolean;
  /** Who waits for it. */
  requestId?: number;
}

const DEFAULT_SETTINGS: ModelSettings = {
  maxSize: 0,
  order: "fifo",
  maxLeasedPerGroup: 1,
  maxAttempts: 10,
  retryDelayMs: 1_000,
  retryDelayFactor: 2,
  retryDelayMaxMs: 300_000,
  retryDelayJitter: 0.5,
  leaseMs: 30_000,
  idempotencyMs: 300_000,
  dedupeMs: 300_000,
  retentionMs: 0,
  deadLetterExpired: false,
  deadLetterQueue: "",
};

/**
 * @property isShare of a push: whether there would have been more for it, had it not waited with others
 * @property isFreed of a put: whether it stored a message with the dedupe key of one that was cancelled or purged
 * @property isLast of a push: whether its credit is used up
 */
export type ModelAnswer =
  | {
      requestId: number;
      verb: "put";
      messages: ModelMessage[];
      duplicates: number[];
      isRepeated: boolean;
      isShared: boolean;
      isFreed: boolean;
    }
  | { requestId: number; verb: "receive"; deliveries: ModelDelivery[] }
  | { requestId: number; verb: "push"; deliveries: ModelDelivery[]; isShare: boolean; isLast: boolean }
  | { requestId: number; verb: "subscribe" | "unsubscribe"; credit: number }
  | { requestId: number; verb: "cancel_wait"; ended: number }
  | { requestId: number; verb: "changed"; count: number; stale: number[] }
  | { requestId: number; verb: "join"; finished: boolean }
  | { requestId: number; verb: "done"; unfinished: number; isRepeated: boolean }
  | { requestId: number; verb: "purge"; purged: number }
  | { requestId: number; verb: "configured"; settings: ModelSettings }
  | { requestId: number; verb: "redrive"; redriven: number; left: number }
  | { requestId: number; verb: "messages"; messages: ModelMessage[]; isLast: boolean }
  | { requestId: number; verb: "shutdown" | "pause" | "cancel" | "delete" | "transfer_result" }
  | { requestId: number; verb: "receive_transfer"; messages: ModelMessage[] }
  | { requestId: number; verb: "refused"; code: string; endsSubscription?: boolean };

interface Waiting {
  requestId: number;
  /** Infinity until it is stopped. */
  deadline: number;
}
/** What will be answered once. */
interface ModelWait extends Waiting {
  verb: "put" | "receive" | "join";
}
interface WaitingPut {
  /** Those of all its tries. */
  requestIds: number[];
  deadline: number;
  puts: ModelPut[];
  key: string | undefined;
}

/**
 * What a queue should do, as simply as it can be said: an array of messages in order of put, searched from the front.
 * It knows nothing of segments, rows or heaps.
 */
export class ModelQueue {
  exists = false;
  messages: ModelMessage[] = [];
  settings = DEFAULT_SETTINGS;
  shutdown: "none" | "draining" | "immediate" = "none";
  paused = { puts: false, receives: false };
  unfinished = 0;
  expired = 0;
  transferred = 0;
  /** When it was last the turn of a group, and of the messages that are in none. */
  turns = new Map<string | undefined, number>();
  lastTurn = 0;
  lastTransfer = 0;
  transfers: ModelTransfer[] = [];
  refusal = { to: "", times: 0, until: 0 };
  postponed: { requestId: number; request: ModelRedrive; destination: string }[] = [];
  inboundTransfers = new Map<string, { number: number; isRefused: boolean }>();
  readonly receivers = new ModelReceivers();
  blockedPuts: WaitingPut[] = [];
  joinWaiters: Waiting[] = [];
  dedupeKeys = new Map<string, { until: number; message: ModelMessage }>();
  /** Those whose messages were cancelled or purged. */
  freedKeys = new Set<string>();
  keys = new Map<string, { until: number; content: string; messages: ModelMessage[]; duplicates: number[] }>();
  answers: ModelAnswer[] = [];
  /** Leases that were ended though nobody who holds them asked for it. */
  lost: ModelLease[] = [];
  /** What came about that is worth testing. */
  seen: string[] = [];
  now = 0;
  /** Set where nothing more can be stored. */
  isStorageFull = false;
  /** Chance is the queue's: what it has drawn for a message that failed, between these times, it is asked. */
  readonly #jittered: (id: string, earliest: number, latest: number) => number;

  constructor(jittered: (id: string, earliest: number, latest: number) => number) {
    this.#jittered = jittered;
  }

  /** A crash forgets who waits, nothing else. */
  restart(): void {
    this.receivers.all = [];
    this.blockedPuts = [];
    this.joinWaiters = [];
    this.postponed = [];
    this.#forgetTurns();
    for (const { group } of byPlace(this.messages.filter((message) => message.group !== undefined)))
      this.#takeTurn(group);
    for (const transfer of this.transfers) delete transfer.requestId;
    for (const message of this.messages) message.takenBackUntil = 0;
  }

  advance(now: number): void {
    this.now = now;
    for (const message of this.messages) {
      if (!message.leased || message.visibleAt > now) continue;
      if (message.begunAt !== undefined) {
        this.#endAttempt(message, message.visibleAt);
      } else {
        this.giveBack(message, message.visibleAt);
        this.seen.push("lease over unbegun");
      }
    }
    this.serve();
    this.#end(this.waits().filter(({ deadline }) => deadline <= now));
    this.serve();
  }

  /** Everything that waits to be answered. */
  waits(): ModelWait[] {
    const receives = this.receivers.all.filter(({ isSubscription }) => !isSubscription);
    return [
      ...receives.map(({ requestId, deadline }) => ({ verb: "receive" as const, requestId, deadline })),
      ...this.blockedPuts.flatMap(({ requestIds, deadline }) =>
        requestIds.map((requestId) => ({ verb: "put" as const, requestId, deadline })),
      ),
      ...this.joinWaiters.map((joinWaiter) => ({ verb: "join" as const, ...joinWaiter })),
    ];
  }

  /** Answers waits that are over. */
  #end(waits: ModelWait[]): void {
    for (const { verb, requestId } of waits) {
      if (verb === "put") this.#refuse([requestId], this.#noRoom);
      else if (verb === "join") this.answers.push({ requestId, verb, finished: false });
      else this.answers.push({ requestId, verb, deliveries: [] });
    }
    this.#forget(waits.map(({ requestId }) => requestId));
  }

  /** A put is not made any more when all its tries are forgotten. */
  #forget(requestIds: number[]): void {
    const isKept = (requestId: number) => !requestIds.includes(requestId);
    this.receivers.all = this.receivers.all.filter(
      ({ requestId, isSubscription }) => isSubscription || isKept(requestId),
    );
    for (const waiting of this.blockedPuts) waiting.requestIds = waiting.requestIds.filter(isKept);
    this.blockedPuts = this.blockedPuts.filter((waiting) => waiting.requestIds.length > 0);
    this.joinWaiters = this.joinWaiters.filter(({ requestId }) => isKept(requestId));
  }

  /** Ends waits before their time. */
  cancelWaits(requestId: number, requestIds: number[]): void {
    const ended = this.waits().filter((waiting) => requestIds.includes(waiting.requestId));
    this.#end(ended);
    this.answers.push({ requestId, verb: "cancel_wait", ended: ended.length });
    this.serve();
  }

  /** Some who wait are not there any more. */
  leave(requestIds: number[], subscriber: number): void {
    this.#forget(requestIds);
    this.receivers.end(subscriber);
  }

  visible(): ModelMessage[] {
    const visible = this.messages.filter((message) => this.stateOf(message) === "visible");
    return ORDERS[this.settings.order](visible);
  }

  /** Of the groups that may go on, and those in none, the one goes first that was served longest ago. */
  next(visible = this.visible()): ModelMessage | undefined {
    const seen = new Set<string | undefined>();
    let best: ModelMessage | undefined;
    for (const message of visible) {
      const { group } = message;
      if (seen.has(group)) continue;
      seen.add(group);
      const mayGoOn = group === undefined || this.#inWork(group) < this.settings.maxLeasedPerGroup;
      if (mayGoOn && (best === undefined || this.#isBefore(message, best))) best = message;
    }
    return best;
  }

  #isBefore(a: ModelMessage, b: ModelMessage): boolean {
    if (this.settings.order === "priority" && a.priority !== b.priority) return a.priority < b.priority;
    return (this.turns.get(a.group) ?? 0) < (this.turns.get(b.group) ?? 0);
  }

  #inWork(group: string): number {
    return this.messages.filter((message) => {
      const state = message.group === group ? this.stateOf(message) : "";
      return state === "leased" || (state === "delayed" && message.deliveries > 0);
    }).length;
  }

  #takeTurn(group: string | undefined): void {
    if (group !== undefined && !this.turns.has(group)) this.#served(group);
  }

  #served(group: string | undefined): void {
    this.lastTurn += 1;
    this.turns.set(group, this.lastTurn);
  }

  #dropTurn(group: string | undefined): void {
    if (group !== undefined) this.turns.delete(group);
  }

  #forgetTurns(): void {
    this.turns.clear();
    this.lastTurn = 0;
  }

  waiting(): number {
    return this.messages.filter((message) => ["visible", "delayed"].includes(this.stateOf(message))).length;
  }

  configure(requestId: number, settings: ModelSettings): void {
    if (settings.order !== this.settings.order && this.messages.length > 0) {
      this.#refuse([requestId], "order_conflict");
      return;
    }
    if (settings.order !== this.settings.order) this.#forgetTurns();
    this.exists = true;
    this.settings = settings;
    this.refusal = { to: "", times: 0, until: 0 };
    const { maxSize } = settings;
    const isTooLarge = ({ puts }: WaitingPut) => maxSize > 0 && puts.length > maxSize;
    for (const { requestIds } of this.blockedPuts.filter(isTooLarge)) this.#refuse(requestIds, "invalid");
    this.blockedPuts = this.blockedPuts.filter((waiting) => !isTooLarge(waiting));
    this.serve();
    this.answers.push({ requestId, verb: "configured", settings });
  }

  /** Receivers go on waiting; all others are told that the queue is gone. */
  delete(requestId: number): void {
    for (const { requestIds } of this.blockedPuts) this.#refuse(requestIds, "unknown_queue");
    for (const { requestId } of this.joinWaiters) this.refuseUnknown(requestId);
    for (const { requestId } of this.transfers) if (requestId !== undefined) this.#refuse([requestId], "unavailable");
    for (const { requestId } of this.postponed) this.refuseUnknown(requestId);
    this.answers.push({ requestId, verb: "delete" });
    this.#lose(this.messages);
    this.exists = false;
    this.messages = [];
    this.blockedPuts = [];
    this.joinWaiters = [];
    this.keys.clear();
    this.dedupeKeys.clear();
    this.freedKeys.clear();
    this.unfinished = 0;
    this.expired = 0;
    this.transferred = 0;
    this.lastTransfer = 0;
    this.transfers = [];
    this.postponed = [];
    this.refusal = { to: "", times: 0, until: 0 };
    this.inboundTransfers.clear();
    this.#forgetTurns();
    this.settings = DEFAULT_SETTINGS;
    this.shutdown = "none";
    this.paused = { puts: false, receives: false };
  }

  refuseUnknown(requestId: number): void {
    this.#refuse([requestId], "unknown_queue");
  }

  put(waiting: WaitingPut, isWaitAllowed: boolean): void {
    const { requestIds, puts, key, deadline } = waiting;
    const earlierTry = this.blockedPuts.find((other) => key !== undefined && other.key === key);
    if (this.#known(waiting)) {
      this.#admit(waiting);
    } else if (this.shutdown !== "none") {
      this.#refuse(requestIds, "shut_down");
    } else if (this.isStorageFull) {
      this.#refuse(requestIds, "storage_full");
    } else if (earlierTry !== undefined) {
      // All tries of one put wait at its place and get one answer; the last one says until when.
      if (JSON.stringify(earlierTry.puts) !== JSON.stringify(puts)) {
        this.#refuse(requestIds, "idempotency_key_reused");
        return;
      }
      earlierTry.requestIds.push(...requestIds);
      earlierTry.deadline = deadline;
    } else if (this.settings.maxSize > 0 && puts.length > this.settings.maxSize) {
      this.#refuse(requestIds, "invalid");
    } else if (this.blockedPuts.length === 0 && this.#hasRoom(waiting)) {
      this.#admit(waiting);
      this.serve();
    } else if (isWaitAllowed) {
      this.blockedPuts.push(waiting);
    } else {
      this.#refuse(requestIds, this.#noRoom);
    }
  }

  receive(receive: Omit<ModelReceiver, "isSubscription" | "hearBy">, isWaitAllowed: boolean): void {
    const receiver = { ...receive, isSubscription: false, hearBy: Number.POSITIVE_INFINITY };
    const hasDeliverable = !this.paused.receives && this.next() !== undefined;
    if (hasDeliverable) this.#handOut(receiver, receiver.max);
    else if (this.#isOver) this.#refuse([receiver.requestId], "shut_down");
    else if (isWaitAllowed) this.receivers.all.push(receiver);
    else this.answers.push({ requestId: receiver.requestId, verb: "receive", deliveries: [] });
    this.serve();
  }

  /** @param hearBy of a subscription that is restored */
  subscribe(
    requestId: number,
    grant: { subscriber: number; credit: number; leaseMs: number | undefined; hearBy?: number },
  ): void {
    const { subscriber, credit, leaseMs, hearBy } = grant;
    if (this.#isOver) this.#refuse([requestId], "shut_down");
    else {
      const granted = this.receivers.grant(subscriber, credit, leaseMs, hearBy);
      this.answers.push({ requestId, verb: "subscribe", credit: granted });
    }
    this.serve();
  }

  heard(subscriber: number): void {
    if (this.receivers.heard(subscriber, this.now)) this.seen.push("heard again");
  }

  unsubscribe(requestId: number, subscriber: number): void {
    this.answers.push({ requestId, verb: "unsubscribe", credit: this.receivers.end(subscriber) });
  }

  /** Does something to each message whose newest lease this is and lasts. */
  withLeases(requestId: number, leases: ModelLease[], change: (message: ModelMessage) => void): void {
    const stale: number[] = [];
    for (const [index, { message, delivery }] of leases.entries()) {
      const isHeld = this.messages.includes(message) && message.leased && message.deliveries === delivery;
      if (isHeld) change(message);
      else stale.push(index);
    }
    this.answers.push({ requestId, verb: "changed", count: leases.length - stale.length, stale });
    this.serve();
  }

  begin(message: ModelMessage): void {
    if (message.begunAt !== undefined) return;
    message.begunAt = this.now;
    this.seen.push("begun");
  }

  /** What a pause took back of which a handler had begun already is leased again, unless it was handed out since. */
  giveAgain({ message, delivery }: ModelLease): void {
    const isFree = this.messages.includes(message) && this.stateOf(message) === "visible";
    const isSame = message.deliveries === delivery && message.group === undefined;
    const { takenBackUntil } = message;
    if (!isFree || !isSame || takenBackUntil <= this.now) return;
    const unbegun = message.unbegun - 1;
    Object.assign(message, { leased: true, begunAt: this.now, unbegun, visibleAt: takenBackUntil, takenBackUntil: 0 });
    this.seen.push("begun though taken back");
  }

  #lose(messages: ModelMessage[]): void {
    for (const message of messages) {
      if (this.stateOf(message) === "leased") this.lost.push({ message, delivery: message.deliveries });
    }
  }

  retry(message: ModelMessage, delayMs: number | undefined, error: string | undefined, isDead: boolean): void {
    message.lastError = error;
    this.#endAttempt(message, this.now, delayMs, isDead);
  }

  /** What nobody has begun to work on. */
  giveBack(message: ModelMessage, visibleAt = this.now): void {
    Object.assign(message, { leased: false, unbegun: message.unbegun + 1, visibleAt });
  }

  /** An attempt that ended without an ack. */
  #endAttempt(message: ModelMessage, endedAt: number, delayMs?: number, isRejected = false): void {
    const { maxAttempts, retryDelayMs, retryDelayFactor, retryDelayMaxMs, retryDelayJitter } = this.settings;
    const attempts = message.deliveries - message.unbegun - message.spared;
    message.leased = false;
    message.isDead = isRejected || (maxAttempts > 0 && attempts >= maxAttempts);
    const backoff = Math.min(retryDelayMaxMs, retryDelayMs * retryDelayFactor ** (attempts - 1));
    const latest = endedAt + (delayMs ?? backoff);
    const hasJitter = delayMs === undefined && retryDelayJitter > 0 && latest > this.now && !message.isDead;
    message.visibleAt = message.isDead ? endedAt : latest;
    if (hasJitter) message.visibleAt = this.#jittered(message.id, latest - backoff * retryDelayJitter, latest);
    if (message.isDead) this.unfinished = Math.max(0, this.unfinished - 1);
  }

  /** What died here, and what came here because it died elsewhere, while nobody holds it. */
  deadLetters(): ModelMessage[] {
    const isDeadLetter = (message: ModelMessage) => {
      const state = this.stateOf(message);
      return state === "dead" || (message.source !== "" && (state === "visible" || state === "delayed"));
    };
    return byPlace(this.messages.filter(isDeadLetter));
  }

  /** @param ids of dead letters to redrive; undefined for the first so many */
  redrive(requestId: number, request: ModelRedrive): void {
    const { ids, max, to, from } = request;
    const deadLetters = this.deadLetters().filter(({ source }) => from === undefined || source === from);
    const named = [...new Set(ids)].flatMap((id) => deadLetters.find((deadLetter) => deadLetter.id === id) ?? []);
    const candidates = ids === undefined ? deadLetters : named;
    const destination = candidates[0] && (to ?? candidates[0].source);
    const meant = candidates.filter(({ source }) => (to ?? source) === destination).slice(0, max);
    if (destination !== undefined && destination !== "") {
      const isUnderWay = this.transfers.some((transfer) => transfer.to === destination);
      if (isUnderWay) this.postponed.push({ requestId, request, destination });
      else this.#beginTransfer(meant, { to: destination, areDeadLetters: false, requestId });
    } else {
      for (const message of meant) {
        Object.assign(message, { isDead: false, spared: attemptsOf(message), visibleAt: this.now, since: this.now });
      }
      this.unfinished += meant.length;
      this.answers.push({ requestId, verb: "redrive", redriven: meant.length, left: this.deadLetters().length });
    }
    this.serve();
  }

  #beginTransfer(messages: ModelMessage[], transfer: Omit<ModelTransfer, "number">): void {
    this.lastTransfer += 1;
    this.transfers.push({ number: this.lastTransfer, ...transfer });
    for (const message of messages) message.transfer = this.lastTransfer;
  }

  /** As the queue is about to be stored, what is dead begins to move. */
  beginDeadLetters(): void {
    const { deadLetterQueue: to } = this.settings;
    const isRefused = this.refusal.to === to && this.now < this.refusal.until;
    const isWaitedFor = isRefused || this.transfers.some((transfer) => transfer.to === to);
    const dead = this.messages.filter((message) => this.stateOf(message) === "dead");
    if (to === "" || isWaitedFor || dead.length === 0) return;
    // A queue that has refused is asked with one.
    const meant = this.refusal.to === to ? byPlace(dead).slice(0, 1) : dead;
    this.#beginTransfer(meant, { to, areDeadLetters: true });
  }

  /** In the order of their places. */
  messagesIn(transfer: number): ModelMessage[] {
    return byPlace(this.messages.filter((message) => message.transfer === transfer));
  }

  settle(requestId: number, number: number, outcome: "accepted" | "refused" | "unknown", code: string): void {
    const transfer = this.transfers.find((other) => other.number === number);
    const messages = transfer === undefined ? [] : this.messagesIn(number);
    if (transfer !== undefined && outcome === "accepted") {
      this.messages = this.messages.filter((message) => !messages.includes(message));
      this.unfinished = Math.max(0, this.unfinished - messages.filter(({ isDead }) => !isDead).length);
      this.transferred += messages.length;
    } else if (transfer !== undefined && outcome === "refused") {
      for (const message of messages) message.transfer = undefined;
    }
    if (transfer?.areDeadLetters && outcome !== "unknown") {
      const { to } = transfer;
      const times = this.refusal.to === to ? this.refusal.times : 0;
      const until = this.now + Math.min(3_600_000, 60_000 * 2 ** times);
      if (outcome === "refused") this.refusal = { to, times: times + 1, until };
      else if (this.refusal.to === to) this.refusal = { to: "", times: 0, until: 0 };
    }
    if (outcome !== "unknown") this.transfers = this.transfers.filter((other) => other !== transfer);
    if (transfer?.requestId !== undefined) {
      const redriven = messages.length;
      if (outcome === "accepted")
        this.answers.push({
          requestId: transfer.requestId,
          verb: "redrive",
          redriven,
          left: this.deadLetters().length,
        });
      else this.#refuse([transfer.requestId], code);
      delete transfer.requestId;
    }
    const freed = this.postponed.filter(({ destination }) => destination === transfer?.to);
    this.postponed = this.postponed.filter(({ destination }) => destination !== transfer?.to);
    for (const { requestId, request } of freed) {
      if (outcome === "unknown") this.#refuse([requestId], code);
      else this.redrive(requestId, request);
    }
    this.answers.push({ requestId, verb: "transfer_result" });
    this.serve();
  }

  accept(requestId: number, sender: string, number: number, puts: ModelPut[], source: string): void {
    const last = this.inboundTransfers.get(sender);
    const isKnown = last !== undefined && number <= last.number;
    const isRefused = isKnown
      ? number === last.number && last.isRefused
      : this.exists && (this.shutdown !== "none" || this.isStorageFull);
    if (!isKnown) this.inboundTransfers.set(sender, { number, isRefused });
    if (isRefused) {
      this.#refuse([requestId], this.shutdown !== "none" ? "shut_down" : "storage_full");
      return;
    }
    this.exists = true;
    const messages = isKnown ? [] : puts.map((put) => Object.assign(this.#store(put), { source }));
    this.answers.push({ requestId, verb: "receive_transfer", messages });
    this.serve();
  }

  cancel(requestId: number, id: string): void {
    const message = this.messages.find((other) => other.id === id);
    if (message === undefined || message.transfer !== undefined) {
      this.#refuse([requestId], "unknown_message");
      return;
    }
    this.#lose([message]);
    this.messages.splice(this.messages.indexOf(message), 1);
    this.#freeKeys([message]);
    if (!message.isDead) this.unfinished = Math.max(0, this.unfinished - 1);
    this.answers.push({ requestId, verb: "cancel" });
    this.serve();
  }

  list(requestId: number, state: string | undefined, after: string, limit: number): void {
    // In the order of places, which is that of puts but for messages of several priorities.
    const meant = this.messages.filter((message) => state === undefined || this.stateOf(message) === state);
    const listed = byPlace(meant).filter((message) => after === "" || comparePlaces(message.id, after) > 0);
    this.answers.push({
      requestId,
      verb: "messages",
      messages: listed.slice(0, limit),
      isLast: listed.length <= limit,
    });
  }

  stateOf({ isDead, leased, visibleAt, transfer }: ModelMessage): string {
    if (transfer !== undefined) return "transferring";
    if (isDead) return "dead";
    if (leased) return "leased";
    return visibleAt > this.now ? "delayed" : "visible";
  }

  remove(message: ModelMessage, isFinished: boolean): void {
    this.messages.splice(this.messages.indexOf(message), 1);
    if (isFinished) this.unfinished = Math.max(0, this.unfinished - 1);
  }

  done(requestId: number, count: number, key: string | undefined): void {
    const content = `done ${count}`;
    const known = this.#known({ key });
    if (known !== undefined && known.content !== content) {
      this.answers.push({ requestId, verb: "refused", code: "idempotency_key_reused" });
      return;
    }
    if (known === undefined && count > this.unfinished) {
      this.answers.push({ requestId, verb: "refused", code: "done_too_often" });
      return;
    }
    if (known === undefined) this.unfinished -= count;
    if (key !== undefined && known === undefined)
      this.keys.set(key, { until: this.#keysUntil, content, messages: [], duplicates: [] });
    this.answers.push({ requestId, verb: "done", unfinished: this.unfinished, isRepeated: known !== undefined });
    this.serve();
  }

  join(joinWaiter: Waiting, isWaitAllowed: boolean): void {
    if (this.unfinished === 0) this.answers.push({ requestId: joinWaiter.requestId, verb: "join", finished: true });
    else if (isWaitAllowed) this.joinWaiters.push(joinWaiter);
    else this.answers.push({ requestId: joinWaiter.requestId, verb: "join", finished: false });
  }

  purge(requestId: number, only?: "dead"): void {
    const isMeant = ({ isDead, transfer }: ModelMessage) => transfer === undefined && (only === undefined || isDead);
    const purged = this.messages.filter(isMeant).length;
    const unfinished = this.messages.filter((message) => isMeant(message) && !message.isDead).length;
    this.#freeKeys(this.messages.filter(isMeant));
    this.#lose(this.messages.filter(isMeant));
    this.messages = this.messages.filter((message) => !isMeant(message));
    this.unfinished = Math.max(0, this.unfinished - unfinished);
    this.answers.push({ requestId, verb: "purge", purged });
    this.serve();
  }

  shutDown(requestId: number, immediate: boolean): void {
    this.exists = true;
    if (this.shutdown !== "immediate") this.shutdown = immediate ? "immediate" : "draining";
    for (const { requestIds } of this.blockedPuts) this.#refuse(requestIds, "shut_down");
    this.blockedPuts = [];
    this.serve();
    this.answers.push({ requestId, verb: "shutdown" });
  }

  pause(requestId: number, paused: { puts?: boolean; receives?: boolean }): void {
    this.exists = true;
    this.paused = { ...this.paused, ...paused };
    const unbegun = this.messages.filter(({ leased, begunAt }) => leased && begunAt === undefined);
    if (paused.receives === true) {
      this.#lose(unbegun);
      for (const message of unbegun) {
        message.takenBackUntil = message.visibleAt;
        this.giveBack(message);
      }
      if (unbegun.length > 0) this.seen.push("taken back by a pause");
    }
    this.serve();
    this.answers.push({ requestId, verb: "pause" });
  }

  get #noRoom(): string {
    if (this.isStorageFull) return "storage_full";
    return this.paused.puts ? "paused" : "full";
  }

  /** Nobody will receive anything any more. */
  get #isOver(): boolean {
    const isDrained = this.messages.every((message) => this.stateOf(message) === "dead");
    return this.shutdown === "immediate" || (this.shutdown === "draining" && isDrained);
  }

  /** What is visible and too old is not handed out any more. */
  #expire(): void {
    const { retentionMs, deadLetterExpired } = this.settings;
    const isOver = ({ since }: ModelMessage) => retentionMs > 0 && since + retentionMs <= this.now;
    for (const message of this.visible().filter(isOver)) {
      this.unfinished = Math.max(0, this.unfinished - 1);
      if (deadLetterExpired) {
        message.isDead = true;
      } else {
        this.messages.splice(this.messages.indexOf(message), 1);
        this.expired += 1;
      }
    }
  }

  serve(): void {
    this.#expire();
    if (this.shutdown === "immediate") {
      const kept = this.messages.filter((message) => !["visible", "delayed"].includes(this.stateOf(message)));
      this.unfinished = Math.max(0, this.unfinished - (this.messages.length - kept.length));
      this.#freeKeys(this.messages.filter((message) => !kept.includes(message)));
      this.messages = kept;
    }
    // In turns: all who can be served receive, then all puts that fit come in.
    for (let isAnyoneServed = true; isAnyoneServed; ) {
      isAnyoneServed = false;
      while (!this.paused.receives && this.receivers.waiting(this.now).length > 0 && this.next() !== undefined) {
        const share = this.receivers.share(this.visible().length, this.now);
        for (const receiver of this.receivers.waiting(this.now)) {
          if (this.next() !== undefined) this.#handOut(receiver, share);
        }
        isAnyoneServed = true;
      }
      while (this.blockedPuts[0] !== undefined && this.#hasRoom(this.blockedPuts[0])) {
        this.#admit(this.blockedPuts.shift() as WaitingPut);
        isAnyoneServed = true;
      }
    }
    if (this.unfinished === 0) {
      for (const { requestId } of this.joinWaiters) this.answers.push({ requestId, verb: "join", finished: true });
      this.joinWaiters = [];
    }
    if (this.#isOver) {
      for (const { requestId, isSubscription: endsSubscription } of this.receivers.all) {
        this.answers.push({ requestId, verb: "refused", code: "shut_down", endsSubscription });
      }
      this.receivers.all = [];
    }
  }

  #known({ key }: { key: string | undefined }) {
    const known = key === undefined ? undefined : this.keys.get(key);
    return known !== undefined && known.until > this.now ? known : undefined;
  }

  get #keysUntil(): number {
    return this.now + this.settings.idempotencyMs;
  }

  #hasRoom({ puts }: WaitingPut): boolean {
    if (this.paused.puts || this.isStorageFull) return false;
    const { maxSize } = this.settings;
    const seen = new Set<string>();
    const fresh = puts.filter(({ dedupeKey }) => {
      if (dedupeKey === undefined) return true;
      const isFresh = !seen.has(dedupeKey) && this.#duplicateOf(dedupeKey) === undefined;
      seen.add(dedupeKey);
      return isFresh;
    });
    return maxSize === 0 || this.waiting() + fresh.length <= maxSize;
  }

  #admit(waiting: WaitingPut): void {
    const { requestIds, puts, key } = waiting;
    this.exists = true;
    const content = JSON.stringify(puts);
    const known = this.#known(waiting);
    if (known !== undefined && known.content !== content) {
      this.#refuse(requestIds, "idempotency_key_reused");
      return;
    }
    const { messages, duplicates, isFreed } = known === undefined ? this.#storeAll(puts) : { ...known, isFreed: false };
    const isAnyStored = duplicates.length < messages.length;
    if (key !== undefined && known === undefined && isAnyStored)
      this.keys.set(key, { until: this.#keysUntil, content, messages, duplicates });
    const rest = { messages, duplicates, isRepeated: known !== undefined, isShared: requestIds.length > 1, isFreed };
    for (const requestId of requestIds) this.answers.push({ requestId, verb: "put", ...rest });
  }

  #storeAll(puts: ModelPut[]): { messages: ModelMessage[]; duplicates: number[]; isFreed: boolean } {
    const duplicates: number[] = [];
    let isFreed = false;
    const messages = puts.map((put, position) => {
      const duplicate = this.#duplicateOf(put.dedupeKey);
      if (duplicate !== undefined) duplicates.push(position);
      else if (put.dedupeKey !== undefined) isFreed = this.freedKeys.delete(put.dedupeKey) || isFreed;
      return duplicate ?? this.#store(put);
    });
    return { messages, duplicates, isFreed };
  }

  /** What is removed before it is done may be put again under its dedupe key. */
  #freeKeys(removed: ModelMessage[]): void {
    for (const [dedupeKey, { until, message }] of this.dedupeKeys) {
      if (!removed.includes(message)) continue;
      this.dedupeKeys.delete(dedupeKey);
      if (until > this.now) this.freedKeys.add(dedupeKey);
    }
  }

  #refuse(requestIds: number[], code: string): void {
    for (const requestId of requestIds) this.answers.push({ requestId, verb: "refused", code });
  }

  #duplicateOf(dedupeKey: string | undefined): ModelMessage | undefined {
    const known = dedupeKey === undefined ? undefined : this.dedupeKeys.get(dedupeKey);
    return known !== undefined && known.until > this.now ? known.message : undefined;
  }

  #store({ name, priority, delayMs, visibleAt, dedupeKey, group }: ModelPut): ModelMessage {
    // A group of which there is nothing left stands behind all others again.
    if (this.messages.every((message) => message.group !== group)) this.#dropTurn(group);
    this.#takeTurn(group);
    const message = {
      name,
      priority,
      group,
      id: "",
      putAt: this.now,
      since: Math.max(this.now, visibleAt ?? this.now + delayMs),
      visibleAt: visibleAt ?? this.now + delayMs,
      leased: false,
      begunAt: undefined,
      deliveries: 0,
      unbegun: 0,
      takenBackUntil: 0,
      spared: 0,
      isDead: false,
      source: "",
      transfer: undefined,
      lastError: undefined,
    };
    this.messages.push(message);
    this.unfinished += 1;
    if (dedupeKey !== undefined) {
      this.dedupeKeys.set(dedupeKey, { until: this.now + this.settings.dedupeMs, message });
    }
    return message;
  }

  /** @param share the most that a subscription is given */
  #handOut(receiver: ModelReceiver, share: number): void {
    const { requestId, max, leaseMs, isSubscription } = receiver;
    const most = isSubscription ? Math.min(max, share) : max;
    const leaseEndsAt = this.now + (leaseMs ?? this.settings.leaseMs);
    const deliveries: ModelDelivery[] = [];
    const visible = this.visible();
    for (let next = this.next(visible); next !== undefined && deliveries.length < most; next = this.next(visible)) {
      const message = next;
      visible.splice(visible.indexOf(message), 1);
      message.deliveries += 1;
      message.leased = true;
      message.begunAt = isSubscription ? undefined : this.now;
      message.visibleAt = leaseEndsAt;
      this.#served(message.group);
      if (leaseMs === 0) this.remove(message, false);
      const { deliveries: delivery, unbegun, lastError } = message;
      deliveries.push({ message, delivery, attempt: delivery - unbegun, lastError });
    }
    this.receivers.served(receiver, deliveries.length, leaseEndsAt);
    if (isSubscription) {
      const isShare = deliveries.length === share && share < max && this.next(visible) !== undefined;
      this.answers.push({ requestId, verb: "push", deliveries, isShare, isLast: deliveries.length === max });
    } else {
      this.answers.push({ requestId, verb: "receive", deliveries });
    }
  }
}
