import type { ServerLine } from "../../../src/api/types.ts";
import { GRACE_SECONDS } from "../base/deadline.ts";
import { QueueError } from "../base/errors.ts";
import { type Instant, msSince } from "../base/instant.ts";
import { Timer } from "../base/platform.ts";
import { retryLater } from "../base/retry.ts";
import { type LinkEvents, openLink, type SocketLink } from "../wire/socket-link.ts";
import type { ConnectFailure, Target } from "../wire/wire.ts";
import { OutageWatch } from "./outage-watch.ts";

/** How long calls go over HTTP if no socket can be opened, until that is tried again, in milliseconds. */
const HTTP_MS = 60_000;
/** After so many connections without an answer, something in between is assumed to block sockets. */
const SILENT_CONNECTIONS_MAX = 3;
/** An opening that was given up after this long counts as such a connection. */
const SILENT_OPENING_MS = 1_000;
/** After a connection that lasted this long the next one is opened without a pause. */
const LASTING_MS = 1_000;
/** A connection on which no answer is awaited is closed after this time. */
const IDLE_SECONDS = 10;
/** The same in runtimes in which an open connection keeps the process alive. */
const HOLDING_IDLE_SECONDS = 0.25;
/** How often calls without a connection are checked for those whose time has passed, in milliseconds. */
const SWEEP_MS = 250;

/** Receives the events of a `LinkKeeper`. */
export interface KeeperEvents {
  /** Whether an answer or a push is awaited on the connection. */
  readonly isNeeded: boolean;
  connected(link: SocketLink): void;
  heard(line: ServerLine): void;
  /** The connection is gone, whether another one is opened or not. */
  lost(link: SocketLink, cause: Error): void;
  /** A try to connect failed. There will be another. */
  failed(cause: Error): void;
  /** The server refuses to be connected to. There is no other try. */
  refused(error: () => QueueError): void;
  /** Calls go over HTTP from now on. */
  turnedToHttp(): void;
  /** Called at an interval while the connection is needed. */
  tick(): void;
  /** Called at an interval while there is no connection. */
  sweep(cause: Error): void;
  /** The server has not been reached for a while. */
  away(error: QueueError, since: Instant): void;
  /** The server answers again, after an outage of any length. */
  back(): void;
  /** True when it begins to connect, false when it has ended its connection or its tries. */
  live(isLive: boolean): void;
  /** True when the open connection is not needed, false when that has changed. */
  idle(isIdle: boolean): void;
}

/** Keeps a connection to a queue for as long as it is needed, and not much longer. */
export class LinkKeeper implements LinkEvents {
  readonly #target: Target;
  readonly #events: KeeperEvents;
  #link: SocketLink | undefined;
  #openedAt = 0;
  /** Gives up the connection that is being opened. */
  #cancelOpening: (() => void) | undefined;
  #openingSince = 0;
  #reconnectTimer: Timer | undefined;
  #sweepTimer: Timer | undefined;
  #idleTimer: Timer | undefined;
  /** Since when the connection is not needed. */
  #idleSince: number | undefined;
  readonly #outage: OutageWatch;
  #failures = 0;
  #silentConnections = 0;
  #httpUntil = 0;

  constructor(target: Target, events: KeeperEvents) {
    this.#target = target;
    this.#events = events;
    this.#outage = new OutageWatch(target, (error, since) => events.away(error, since));
  }

  /** The connection, while there is one. */
  get link(): SocketLink | undefined {
    return this.#link;
  }

  /** Whether no socket can be opened for the time being, so that calls go over HTTP. */
  get isOnHttp(): boolean {
    return this.#httpUntil !== 0 && Date.now() < this.#httpUntil;
  }

  /** Why the server cannot be reached; undefined while it can, and for the first `GRACE_SECONDS` of an outage. */
  get outage(): Error | undefined {
    const { since, lastCause } = this.#outage;
    if (this.#link !== undefined || since === undefined) return undefined;
    return msSince(since) > GRACE_SECONDS * 1_000 ? lastCause : undefined;
  }

  /** Opens a connection, unless there is one or one is being opened. */
  connect(): void {
    if (this.#link !== undefined || this.#cancelOpening !== undefined || this.#reconnectTimer !== undefined) return;
    this.#open();
    this.#sweepSoon();
    this.#events.live(true);
  }

  /** Call this when the connection may have become needed, or not needed any more. */
  updateNeed(): void {
    const link = this.#link;
    const isNeeded = this.#events.isNeeded;
    if (link === undefined) {
      if (!isNeeded) this.#stop();
      return;
    }
    if (isNeeded === (this.#idleSince === undefined)) return;
    link.isBusy = isNeeded;
    this.#idleSince = isNeeded ? undefined : performance.now();
    this.#events.idle(!isNeeded);
    if (!isNeeded && this.#idleTimer === undefined) this.#closeLater(idleMs(link));
  }

  /** Gives the connection up and opens another one. */
  restart(): void {
    const link = this.#link;
    link?.terminate();
    if (link !== undefined)
      this.lost(link, new QueueError("The connection was given up by the client", { code: "disconnected" }));
  }

  /** Closes the connection if it is not needed. */
  closeIfIdle(): void {
    if (this.#idleSince !== undefined) this.close();
  }

  /** Ends the connection, or the tries to open one. */
  close(): void {
    const link = this.#link;
    this.#forget();
    link?.close();
    this.#stop();
  }

  /** Reports an outage to a listener that came after it began. */
  watchOutage(): void {
    this.#outage.watch();
  }

  opened(link: SocketLink): void {
    this.#cancelOpening = undefined;
    this.#sweepTimer?.clear();
    if (!this.#events.isNeeded) {
      link.close();
      this.#stop();
      return;
    }
    this.#link = link;
    this.#openedAt = performance.now();
    this.#events.connected(link);
  }

  connectFailed(failure: ConnectFailure): void {
    this.#cancelOpening = undefined;
    if (failure.kind === "dropped") this.#silentConnections += 1;
    if (failure.kind === "unsupported" || this.#silentConnections >= SILENT_CONNECTIONS_MAX) {
      this.#turnToHttp();
    } else if (failure.kind === "refused") {
      this.#stop();
      this.#events.refused(failure.error);
    } else {
      this.#outage.begin(failure.cause);
      this.#events.failed(failure.cause);
      this.#openLater();
    }
  }

  heard(line: ServerLine): void {
    // A connection that works and is cut is not one that cannot be opened: the next is opened at once.
    this.#failures = 0;
    if (this.#outage.since !== undefined) {
      this.#outage.end();
      this.#events.back();
    }
    this.#events.heard(line);
  }

  lost(link: SocketLink, cause: Error): void {
    if (this.#link !== link) return;
    this.#forget();
    if (performance.now() - this.#openedAt > LASTING_MS) this.#failures = 0;
    this.#silentConnections = link.neverReceived ? this.#silentConnections + 1 : 0;
    this.#outage.begin(cause);
    this.#events.lost(link, cause);
    if (this.#silentConnections >= SILENT_CONNECTIONS_MAX) this.#turnToHttp();
    else if (this.#link === undefined && this.#cancelOpening === undefined) this.#openLater();
  }

  tick(): void {
    this.#events.tick();
  }

  #open(): void {
    this.#openingSince = performance.now();
    this.#cancelOpening = openLink(this.#target, this);
  }

  #openLater(): void {
    if (!this.#events.isNeeded) {
      this.#stop();
      return;
    }
    this.#failures += 1;
    // The first connection after one that has lasted is opened at once.
    const isFirst = this.#failures === 1 && this.#openedAt > 0;
    const open = () => {
      this.#reconnectTimer = undefined;
      this.#open();
    };
    this.#reconnectTimer = isFirst ? new Timer(0, open) : retryLater(this.#failures, open);
    this.#sweepSoon();
  }

  /** Ends the tries to connect, with their timers. */
  #stop(): void {
    if (this.#cancelOpening !== undefined && performance.now() - this.#openingSince > SILENT_OPENING_MS)
      this.#silentConnections += 1;
    this.#cancelOpening?.();
    this.#cancelOpening = undefined;
    this.#reconnectTimer?.clear();
    this.#reconnectTimer = undefined;
    this.#sweepTimer?.clear();
    this.#outage.end();
    this.#events.live(false);
  }

  #turnToHttp(): void {
    this.#httpUntil = Date.now() + HTTP_MS;
    this.#silentConnections = 0;
    this.#failures = 0;
    this.#stop();
    this.#events.turnedToHttp();
  }

  #forget(): void {
    this.#link = undefined;
    this.#idleTimer?.clear();
    this.#idleTimer = undefined;
    if (this.#idleSince !== undefined) this.#events.idle(false);
    this.#idleSince = undefined;
  }

  #closeLater(ms: number): void {
    this.#idleTimer = new Timer(
      ms,
      () => {
        this.#idleTimer = undefined;
        if (this.#link === undefined || this.#idleSince === undefined) return;
        const leftMs = this.#idleSince + idleMs(this.#link) - performance.now();
        if (leftMs > 0) this.#closeLater(leftMs);
        else this.close();
      },
      { holds: false },
    );
  }

  #sweepSoon(): void {
    this.#sweepTimer?.clear();
    this.#sweepTimer = new Timer(
      SWEEP_MS,
      () => {
        this.#sweepSoon();
        this.#events.sweep(this.#outage.lastCause);
      },
      { holds: false },
    );
  }
}

function idleMs(link: SocketLink): number {
  return (link.canUnref ? IDLE_SECONDS : HOLDING_IDLE_SECONDS) * 1_000;
}
