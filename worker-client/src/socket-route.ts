import { setTimeout as sleep } from "node:timers/promises";
import { BATCH_MESSAGES_MAX, CREDIT_MAX, SOCKET_WAITS_MAX } from "../../src/contract/limits.ts";
import type { ReceiveReply } from "../../src/contract/schema.ts";
import type { ServerLine, SubscribeRequest } from "../../src/contract/socket.ts";
import { backoffMs } from "./backoff.ts";
import { type Call, isFinal, type Outcome, type Route } from "./call.ts";
import { errorOf, QueueError } from "./errors.ts";
import type { HttpRoute } from "./http-route.ts";
import { Outbox } from "./outbox.ts";
import { PendingCall, type Watcher } from "./pending-call.ts";
import { SharedPuts } from "./shared-puts.ts";
import { type LinkEvents, type Refusal, SocketLink } from "./socket-link.ts";
import type { Subscriber } from "./subscriber.ts";

/** How long calls go over HTTP where no socket can be had, until that is tried again. */
const HTTP_MS = 60_000;
/** After so many connections that brought nothing, something in between is taken not to let sockets through. */
const BARREN_MAX = 3;
/** What a call may take that does not wait. After that the connection counts as lost. */
const ANSWER_MS = 15_000;

/** Operations of the connection itself. Calls count from the next. */
const SUBSCRIBE = 0;
const UNSUBSCRIBE = 1;
const STOP = 2;
const FIRST_CALL = 3;
const LAST_CALL = 2_147_483_647;

export interface SocketOptions {
  /** Of the queue's socket: `ws:` or `wss:`. */
  url: string;
  authkey: string;
  retrySeconds: number;
  /** The way for when no socket can be had. */
  http: HttpRoute;
  /** Is told when the route begins to connect: also after it was closed. */
  opening: () => void;
  /** Is told when the route is closed. */
  closed: () => void;
}

/** The way to a queue over a WebSocket: many calls at a time, and messages that come by themselves. */
export class SocketRoute implements Route, LinkEvents {
  readonly #options: SocketOptions;
  readonly #watcher: Watcher;
  readonly #calls = new Map<number, PendingCall>();
  #unsent: PendingCall[] = [];
  /** Operations that several of the calls share. */
  readonly #shared = new Map<number, SharedPuts>();
  /** Calls that nobody waits for any more, but that the server may still have. */
  readonly #abandoned = new Set<number>();
  #subscriber: Subscriber | undefined;
  /** Not sent yet. */
  #granted: SubscribeRequest | undefined;
  #link: SocketLink | undefined;
  #isOpening = false;
  #isFlushPlanned = false;
  #lastId = FIRST_CALL - 1;
  #failures = 0;
  #barren = 0;
  #httpUntil = 0;

  constructor(options: SocketOptions) {
    this.#options = options;
    this.#watcher = {
      timeIsOver: (pending) => this.#stop(pending),
      isAborted: (pending) => this.#abandon(pending),
    };
  }

  /** Whether no socket can be had for the time being, so that calls go over HTTP. */
  get isOnHttp(): boolean {
    return Date.now() < this.#httpUntil;
  }

  send<Value>(call: Call): Promise<Outcome<Value>> {
    if (this.isOnHttp) return this.#options.http.send<Value>(call);
    return new Promise<Outcome<unknown>>((settle, fail) => {
      call.signal?.throwIfAborted();
      const pending = new PendingCall(this.#nextId(), call, this.#options.retrySeconds * 1_000, { settle, fail });
      pending.watch(this.#watcher);
      this.#calls.set(pending.id, pending);
      this.#enqueue(pending);
    }) as Promise<Outcome<Value>>;
  }

  /** Lets messages come by themselves. The subscriber is told when it can grant credit. */
  subscribe(subscriber: Subscriber): void {
    this.#subscriber = subscriber;
    if (this.isOnHttp) subscriber.unsupported();
    else if (this.#link === undefined) void this.#connect();
    else subscriber.connected();
  }

  /**
   * Goes with the acks of this turn, behind them, for they have made the room: so nobody ever holds more than he has
   * room for. False while there is no connection: the subscriber is told when there is.
   */
  grant({ credit, leaseSeconds }: SubscribeRequest): boolean {
    if (this.#link === undefined) return false;
    this.#granted = { credit: credit + (this.#granted?.credit ?? 0), leaseSeconds };
    // Acks are gathered until the end of the turn, and sent at the end of the next.
    setImmediate(() => this.#planFlush());
    return true;
  }

  /** The subscriber is told when nothing will come any more. */
  unsubscribe(): void {
    this.#granted = undefined;
    if (this.#link !== undefined) this.#link.send(JSON.stringify({ id: UNSUBSCRIBE, verb: "unsubscribe" }));
    else this.#subscriber?.unsubscribed();
  }

  /** Ends the connection. Calls that are not answered end as unknown. */
  close(): void {
    this.#subscriber = undefined;
    const cause = new QueueError("closed", "The connection was closed by its owner.");
    for (const pending of this.#takeCalls()) pending.giveUp(this.#options.url, cause);
    this.#link?.close();
    this.#forgetLink();
    this.#options.closed();
  }

  heard(line: ServerLine): void {
    this.#barren = 0;
    this.#failures = 0;
    if ("push" in line) {
      this.#subscriber?.pushed(line.push);
    } else if ("again" in line) {
      for (const id of line.again) this.#sendAgain(id);
    } else if ("lost" in line) {
      this.#subscriber?.lost(line.lost);
    } else if (line.id === undefined || line.id === SUBSCRIBE) {
      if ("problem" in line) this.#subscriber?.ended(errorOf(line.problem));
    } else if (line.id === UNSUBSCRIBE) {
      this.#subscriber?.unsubscribed();
    } else if (line.id !== STOP) {
      this.#answer(line);
    }
  }

  lost(link: SocketLink, cause: Error): void {
    if (this.#link !== link) return;
    this.#forgetLink();
    if (link.isBarren) this.#barren += 1;
    for (const pending of this.#calls.values()) {
      if (pending.wasSent && !pending.lose(this.#options.url, cause, link.heardAt)) this.#calls.delete(pending.id);
    }
    this.#subscriber?.disconnected();
    if (this.#barren >= BARREN_MAX) this.#turnToHttp();
    else if (this.#isNeeded) void this.#connect();
  }

  /** With the connection goes all that it alone knew of. */
  #forgetLink(): void {
    this.#link = undefined;
    this.#granted = undefined;
    this.#abandoned.clear();
    this.#shared.clear();
  }

  tick(): void {
    for (const { sentAt, isWaiting, wasSent } of this.#calls.values()) {
      if (wasSent && !isWaiting && performance.now() - sentAt > ANSWER_MS) this.#link?.terminate();
    }
  }

  #answer(line: Extract<ServerLine, { id: number }>): void {
    const shared = this.#shared.get(line.id);
    if (shared !== undefined) {
      this.#answerShared(shared, line);
      return;
    }
    const pending = this.#calls.get(line.id);
    if (pending === undefined) {
      if (this.#abandoned.delete(line.id) && "reply" in line) this.#giveBack(line.reply as ReceiveReply);
      this.#rest();
      return;
    }
    const error = "problem" in line ? errorOf(line.problem) : undefined;
    if (error !== undefined && "problem" in line && !isFinal(line.problem.status, error)) {
      this.#tryLater(pending, error);
      return;
    }
    this.#calls.delete(line.id);
    if (pending.mustWaitAfter(error ?? ("reply" in line ? line.reply : undefined))) {
      pending.handOver(this.#options.http);
    } else if ("reply" in line) pending.settle(line.reply);
    else if (error !== undefined) pending.refuse(error);
    this.#rest();
  }

  #tryLater(pending: PendingCall, cause: QueueError): void {
    if (!pending.lose(this.#options.url, cause)) this.#calls.delete(pending.id);
    else setTimeout(() => !pending.wasSent && this.#sendAgain(pending.id), backoffMs(pending.failures, Math.random()));
  }

  #sendAgain(id: number): void {
    this.#abandoned.delete(id);
    const pending = this.#calls.get(id);
    if (pending === undefined) return;
    pending.wasSent = false;
    pending.isWaiting = false;
    this.#enqueue(pending);
  }

  /** What comes for a caller who has gone must not wait for the end of its lease. */
  #giveBack({ messages }: Partial<ReceiveReply>): void {
    const receipts = (messages ?? []).flatMap(({ receipt }) => receipt ?? []);
    if (receipts.length === 0) return;
    this.send({ verb: "retry", request: { receipts, begun: false } }).catch(() => undefined);
  }

  #stop({ id, wasSent }: PendingCall): void {
    if (wasSent) this.#link?.send(JSON.stringify({ id: STOP, verb: "stop", request: { ids: [id] } }));
  }

  #abandon(pending: PendingCall): void {
    this.#calls.delete(pending.id);
    if (pending.wasSent && !pending.isShared) this.#abandoned.add(pending.id);
    if (pending.isWaiting) this.#stop(pending);
    this.#rest();
  }

  #enqueue(pending: PendingCall): void {
    this.#unsent.push(pending);
    this.#planFlush();
  }

  /** Whoever calls in the same turn of the event loop travels together. */
  #planFlush(): void {
    if (this.#link === undefined) {
      void this.#connect();
    } else if (!this.#isFlushPlanned) {
      this.#isFlushPlanned = true;
      setImmediate(() => this.#flush());
    }
  }

  #flush(): void {
    this.#isFlushPlanned = false;
    const link = this.#link;
    if (link === undefined) return;
    link.isBusy = this.#isNeeded;
    const unsent = this.#unsent;
    this.#unsent = [];
    let waits = this.#waits();
    const outbox = new Outbox((frame) => link.send(frame));
    let puts: PendingCall[] = [];
    const addPuts = () => {
      if (puts.length > 1) outbox.add(this.#share(puts));
      else for (const put of puts) addOne(put);
      puts = [];
    };
    const addOne = (pending: PendingCall) => {
      outbox.add(pending.takeLines(waits < SOCKET_WAITS_MAX));
      if (pending.isWaiting) waits += 1;
    };
    for (const pending of unsent) {
      if (this.#calls.get(pending.id) !== pending || pending.wasSent) continue;
      if (!pending.mayShare || puts.length === BATCH_MESSAGES_MAX) addPuts();
      if (pending.mayShare) puts.push(pending);
      else addOne(pending);
    }
    addPuts();
    for (const line of this.#takeGrants()) outbox.add([line]);
    outbox.flush();
  }

  #share(puts: readonly PendingCall[]): string[] {
    const shared = new SharedPuts(puts);
    const id = this.#nextId();
    this.#shared.set(id, shared);
    return shared.takeLines(id);
  }

  #answerShared(shared: SharedPuts, line: Extract<ServerLine, { id: number }>): void {
    this.#shared.delete(line.id);
    shared.answer(line, (put, outcome) => {
      if (this.#calls.get(put.id) !== put) return;
      if (outcome === undefined || (typeof outcome === "object" && put.mustWaitAfter(outcome))) {
        put.isAlone = true;
        this.#sendAgain(put.id);
      } else {
        this.#calls.delete(put.id);
        if (typeof outcome === "string") put.settle({ ids: [outcome] });
        else put.refuse(outcome);
      }
    });
    this.#rest();
  }

  #takeGrants(): string[] {
    const { credit, leaseSeconds } = this.#granted ?? { credit: 0 };
    this.#granted = undefined;
    const lines: string[] = [];
    for (let left = credit; left > 0; left -= CREDIT_MAX) {
      const request: SubscribeRequest = { credit: Math.min(left, CREDIT_MAX), leaseSeconds };
      lines.push(JSON.stringify({ id: SUBSCRIBE, verb: "subscribe", request }));
    }
    return lines;
  }

  #waits(): number {
    let waits = this.#abandoned.size;
    for (const { isWaiting } of this.#calls.values()) if (isWaiting) waits += 1;
    return waits;
  }

  /** After an answer: the process may end. */
  #rest(): void {
    if (this.#link !== undefined) this.#link.isBusy = this.#isNeeded;
  }

  get #isNeeded(): boolean {
    return this.#calls.size + this.#abandoned.size > 0 || this.#subscriber !== undefined;
  }

  async #connect(): Promise<void> {
    const { url, authkey, opening } = this.#options;
    opening();
    if (this.#isOpening) return;
    this.#isOpening = true;
    while (this.#isNeeded) {
      const link = await SocketLink.open(url, authkey, this);
      if (link instanceof SocketLink) {
        this.#begin(link);
        break;
      }
      if (!this.#takeRefusal(link)) break;
      this.#failures += 1;
      await sleep(backoffMs(this.#failures, Math.random()));
    }
    this.#isOpening = false;
  }

  #begin(link: SocketLink): void {
    if (!this.#isNeeded) {
      link.close();
      return;
    }
    this.#link = link;
    this.#unsent = [...this.#calls.values()];
    this.#flush();
    this.#subscriber?.connected();
  }

  /** Whether to try again. */
  #takeRefusal(refusal: Refusal): boolean {
    if (refusal.kind === "dropped") this.#barren += 1;
    if (refusal.kind === "unsupported" || this.#barren >= BARREN_MAX) {
      this.#turnToHttp();
      return false;
    }
    if (refusal.kind === "refused") {
      for (const pending of this.#takeCalls()) pending.refuse(refusal.error);
      this.#subscriber?.ended(refusal.error);
      return false;
    }
    for (const pending of this.#calls.values()) {
      if (!pending.fail(this.#options.url, refusal.cause)) this.#calls.delete(pending.id);
    }
    return true;
  }

  #turnToHttp(): void {
    this.#httpUntil = Date.now() + HTTP_MS;
    this.#barren = 0;
    for (const pending of this.#takeCalls()) pending.handOver(this.#options.http);
    this.#subscriber?.unsupported();
  }

  #takeCalls(): PendingCall[] {
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    this.#unsent = [];
    return calls;
  }

  #nextId(): number {
    this.#lastId = this.#lastId === LAST_CALL ? FIRST_CALL : this.#lastId + 1;
    return this.#lastId;
  }
}
