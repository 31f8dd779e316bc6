import type { ServerLine } from "../../../src/api/types.ts";
import { isHeard, publish } from "../base/diagnostics.ts";
import type { QueueError } from "../base/errors.ts";
import type { Instant } from "../base/instant.ts";
import { turn } from "../base/platform.ts";
import type { Place } from "../base/problem-errors.ts";
import type { SocketLink } from "../wire/socket-link.ts";
import type { Target } from "../wire/wire.ts";
import { type Call, closed, HTTP_POLLS_MAX, type Outcome, type Pushes, type Route } from "./call.ts";
import { FrameWriter } from "./frame-writer.ts";
import type { HttpRoute } from "./http-route.ts";
import { type KeeperEvents, LinkKeeper } from "./link-keeper.ts";
import { type CallsEvents, SocketCalls } from "./socket-calls.ts";
import { type SharedConnection, SocketPushes } from "./socket-pushes.ts";
import { SocketWatches } from "./socket-watches.ts";

/** Where cut connections, and those in their place, are published for diagnostics. */
const DISCONNECTED = "durable-queue:disconnected";
const RECONNECT = "durable-queue:reconnect";

/** The options of a `SocketRoute`. */
export interface SocketOptions {
  target: Target;
  retrySeconds: number;
  /** The route for the time in which no socket can be opened. */
  http: HttpRoute;
  /** Whether the manager is closed. */
  isClosed: () => boolean;
  /** Called when the route begins to connect, and when it has ended its connection or its tries. */
  live: (isLive: boolean) => void;
  /** Called when no answer is awaited on its connection any more, and when that has changed. */
  idle: (isIdle: boolean) => void;
}

/** The route to a queue over a WebSocket: many calls at a time. Its pushes share the connection. */
export class SocketRoute implements Route, KeeperEvents, CallsEvents, SharedConnection {
  /** How messages are pushed. */
  readonly pushes: Pushes;
  /** What the server says of jobs. */
  readonly watches: SocketWatches;
  readonly pollsMax = HTTP_POLLS_MAX;
  readonly #options: SocketOptions;
  readonly place: Place;
  readonly #keeper: LinkKeeper;
  readonly #calls: SocketCalls;
  readonly #pushes: SocketPushes;
  #isFlushPlanned = false;
  #isClosed = false;

  constructor(options: SocketOptions) {
    this.#options = options;
    this.place = options.target;
    this.#keeper = new LinkKeeper(options.target, this);
    this.#calls = new SocketCalls(this.place, options.retrySeconds, this);
    this.#pushes = new SocketPushes(this.place, this);
    this.pushes = this.#pushes;
    this.watches = new SocketWatches(this);
  }

  async send<Value>(call: Call): Promise<Outcome<Value>> {
    if (this.isClosed) throw closed(this.place, false);
    if (this.#keeper.isOnHttp) return this.#options.http.send<Value>(call);
    const outcome = await this.#calls.send(call);
    // Nothing more is asked of a queue that is gone.
    if (call.verb === "delete") this.#keeper.closeIfIdle();
    return outcome as Outcome<Value>;
  }

  /** Ends the connection. Calls that are not answered, and all later ones, throw `Closed`. */
  close(): void {
    this.#isClosed = true;
    const endPushes = this.#pushes.close();
    for (const pending of this.#calls.takeAll()) pending.close();
    this.#keeper.close();
    endPushes();
    this.watches.ended(() => closed(this.place, true));
  }

  /** Closes the connection if no answer is awaited on it. */
  closeIfIdle(): void {
    this.#keeper.closeIfIdle();
  }

  // What the pushes need of the connection.

  get isClosed(): boolean {
    return this.#isClosed || this.#options.isClosed();
  }

  get isOnHttp(): boolean {
    return this.#keeper.isOnHttp;
  }

  get isOpen(): boolean {
    return this.#keeper.link !== undefined;
  }

  connect(): void {
    this.#keeper.connect();
  }

  restart(): void {
    this.#keeper.restart();
  }

  needed(): void {
    this.#keeper.updateNeed();
    this.#keeper.watchOutage();
  }

  nextId(): number {
    return this.#calls.nextId();
  }

  /** What is asked in the same turn of the event loop is sent together. */
  planFlush(): void {
    if (this.#isFlushPlanned || this.#keeper.link === undefined) return;
    this.#isFlushPlanned = true;
    turn(() => {
      this.#isFlushPlanned = false;
      this.flush();
    });
  }

  flush(lines: readonly string[] = []): void {
    const link = this.#keeper.link;
    if (link === undefined) return;
    this.#keeper.updateNeed();
    const writer = new FrameWriter((frame) => link.send(frame));
    this.#calls.addTo(writer);
    for (const line of lines) writer.add([line]);
    for (const line of this.#pushes.takeLines()) writer.add([line]);
    writer.flush();
  }

  // Events of the connection.

  get isNeeded(): boolean {
    return this.#calls.isAnyOpen || this.#pushes.isSubscribed || this.watches.isWatching;
  }

  connected(): void {
    this.#calls.connected();
    this.flush();
    this.#pushes.connected();
  }

  heard(line: ServerLine): void {
    if ("resend" in line) {
      for (const id of line.resend) this.#calls.forgotten(id);
    } else if ("id" in line && line.id !== undefined) {
      if (!this.#pushes.answer(line)) this.#calls.answered(line);
      this.#keeper.updateNeed();
    } else if ("job" in line) {
      this.watches.heard(line.job);
      this.#keeper.updateNeed();
    } else if ("watch_again" in line) {
      this.watches.forgotten();
    } else {
      this.#pushes.heard(line);
    }
  }

  lost(link: SocketLink, cause: Error): void {
    if (isHeard(DISCONNECTED)) publish(DISCONNECTED, { queue: this.#options.target.queue, error: cause });
    this.#pushes.forgetConnection();
    this.#calls.lost(cause, link.heardAt);
    this.#pushes.disconnected();
    this.watches.forgotten();
  }

  failed(cause: Error): void {
    this.#calls.failed(cause, false);
  }

  sweep(cause: Error): void {
    this.#calls.failed(cause, true);
    this.#keeper.updateNeed();
  }

  refused(error: () => QueueError): void {
    for (const pending of this.#calls.takeAll()) pending.refuse(error());
    this.#pushes.ended(error());
    this.watches.ended(error);
  }

  turnedToHttp(): void {
    const { http } = this.#options;
    for (const pending of this.#calls.takeAll()) pending.goOn((call, history) => http.send(call, history));
    this.#pushes.unsupported();
    this.watches.unsupported();
  }

  tick(): void {
    this.#calls.tick();
    this.#pushes.tick();
    this.#keeper.updateNeed();
  }

  away(error: QueueError, since: Instant): void {
    this.#pushes.away(error, since);
  }

  back(): void {
    if (isHeard(RECONNECT)) publish(RECONNECT, { queue: this.#options.target.queue });
    this.#pushes.back();
  }

  live(isLive: boolean): void {
    this.#options.live(isLive);
  }

  idle(isIdle: boolean): void {
    this.#options.idle(isIdle);
  }

  // Events of the calls.

  get outage(): Error | undefined {
    return this.#keeper.outage;
  }

  sendSoon(): void {
    if (this.#keeper.link === undefined) this.#keeper.connect();
    else this.planFlush();
  }

  updateNeed(): void {
    this.#keeper.updateNeed();
  }

  foreignReply(): void {
    this.#keeper.link?.endAsForeign();
  }

  giveBack(receipts: string[]): void {
    this.send({ verb: "release", request: { receipts } }).catch(() => undefined);
  }

  isTaken(id: number): boolean {
    return this.#pushes.has(id);
  }
}
