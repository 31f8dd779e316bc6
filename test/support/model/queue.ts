import {
  DEFAULT_SETTINGS,
  type ModelAnswer,
  type ModelRedrive,
  type ModelTransfer,
  type ModelWait,
  type Waiting,
  type WaitingPut,
} from "./answers.ts";
import { ModelJobs } from "./kept-jobs.ts";
import { byPlace, type ModelLease, type ModelMessage, ORDERS } from "./message.ts";
import { ModelReceivers } from "./receivers.ts";

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
  jobs = new ModelJobs("i0");
  blockedPuts: WaitingPut[] = [];
  joinWaiters: Waiting[] = [];
  dedupeKeys = new Map<string, { until: number; message: ModelMessage; isUntilDone: boolean }>();
  /** Those whose messages were cancelled or purged. */
  freedKeys = new Set<string>();
  keys = new Map<string, { until: number; content: string; messages: ModelMessage[]; duplicates: number[] }>();
  answers: ModelAnswer[] = [];
  /** Leases that were ended without a command of their holders. */
  lost: ModelLease[] = [];
  /** What came about that is worth testing. */
  seen: string[] = [];
  now = 0;
  /** Set where nothing more can be stored. */
  isStorageFull = false;
  /** Chance is the queue's: what it has drawn for a message that failed, between these times, it is asked. */
  readonly jittered: (id: string, earliest: number, latest: number) => number;

  constructor(jittered: (id: string, earliest: number, latest: number) => number) {
    this.jittered = jittered;
  }

  /** A crash forgets what waits, nothing else. */
  restart(): void {
    this.receivers.all = [];
    this.blockedPuts = [];
    this.joinWaiters = [];
    this.postponed = [];
    this.forgetTurns();
    for (const { group } of byPlace(this.messages.filter((message) => message.group !== undefined)))
      this.takeTurn(group);
    for (const transfer of this.transfers) delete transfer.requestId;
    this.jobs.forgetWaits();
    for (const message of this.messages) Object.assign(message, { takenBackUntil: 0, progress: undefined });
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
      ...this.jobs.waits.map(({ requestId, deadline }) => ({ verb: "result" as const, requestId, deadline })),
    ];
  }

  /** A put is not made any more when all its tries are forgotten. */
  forget(requestIds: number[]): void {
    const isKept = (requestId: number) => !requestIds.includes(requestId);
    this.receivers.all = this.receivers.all.filter(
      ({ requestId, isSubscription }) => isSubscription || isKept(requestId),
    );
    for (const waiting of this.blockedPuts) waiting.requestIds = waiting.requestIds.filter(isKept);
    this.blockedPuts = this.blockedPuts.filter((waiting) => waiting.requestIds.length > 0);
    this.joinWaiters = this.joinWaiters.filter(({ requestId }) => isKept(requestId));
    this.jobs.waits = this.jobs.waits.filter(({ requestId }) => isKept(requestId));
  }

  /** The callers of some waits are gone. */
  leave(requestIds: number[], subscriber: number): void {
    this.forget(requestIds);
    this.receivers.end(subscriber);
    this.jobs.watches = this.jobs.watches.filter((watch) => watch.subscriber !== subscriber);
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
      const mayGoOn = group === undefined || this.inWork(group) < this.settings.maxLeasedPerGroup;
      if (mayGoOn && (best === undefined || this.isBefore(message, best))) best = message;
    }
    return best;
  }

  isBefore(a: ModelMessage, b: ModelMessage): boolean {
    if (this.settings.order === "priority" && a.priority !== b.priority) return a.priority < b.priority;
    return (this.turns.get(a.group) ?? 0) < (this.turns.get(b.group) ?? 0);
  }

  inWork(group: string): number {
    return this.messages.filter((message) => {
      const state = message.group === group ? this.stateOf(message) : "";
      return state === "leased" || (state === "delayed" && message.deliveries > 0);
    }).length;
  }

  takeTurn(group: string | undefined): void {
    if (group !== undefined && !this.turns.has(group)) this.served(group);
  }

  served(group: string | undefined): void {
    this.lastTurn += 1;
    this.turns.set(group, this.lastTurn);
  }

  dropTurn(group: string | undefined): void {
    if (group !== undefined) this.turns.delete(group);
  }

  forgetTurns(): void {
    this.turns.clear();
    this.lastTurn = 0;
  }

  waiting(): number {
    return this.messages.filter((message) => ["visible", "delayed"].includes(this.stateOf(message))).length;
  }

  known({ key }: { key: string | undefined }) {
    const known = key === undefined ? undefined : this.keys.get(key);
    return known !== undefined && known.until > this.now ? known : undefined;
  }

  get keysUntil(): number {
    return this.now + this.settings.idempotencyMs;
  }

  lose(messages: ModelMessage[]): void {
    for (const message of messages) {
      if (this.stateOf(message) === "leased") this.lost.push({ message, delivery: message.deliveries });
    }
  }

  refuse(requestIds: number[], code: string): void {
    for (const requestId of requestIds) this.answers.push({ requestId, verb: "refused", code });
  }

  refuseUnknown(requestId: number): void {
    this.refuse([requestId], "unknown_queue");
  }

  stateOf({ isDead, leased, visibleAt, transfer }: ModelMessage): string {
    if (transfer !== undefined) return "transferring";
    if (isDead) return "dead";
    if (leased) return "leased";
    return visibleAt > this.now ? "delayed" : "visible";
  }

  get noRoom(): string {
    if (this.isStorageFull) return "storage_full";
    return this.paused.puts ? "paused" : "full";
  }

  /** Whether no message will be handed out any more. */
  get isOver(): boolean {
    const isDrained = this.messages.every((message) => this.stateOf(message) === "dead");
    return this.shutdown === "immediate" || (this.shutdown === "draining" && isDrained);
  }
}
