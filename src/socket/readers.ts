import type { Outbox } from "./outbox.ts";

/** A connection that has so much unread is behind: nothing more is done for it until it has read. */
const CONNECTION_UNREAD_MAX = 4 * 1024 * 1024;
/** Below this it is not behind any more. */
const CONNECTION_UNREAD_AGAIN = 1024 * 1024;

/** With so much unread on all connections together, nothing more is handed out until they have read. */
const OBJECT_UNREAD_MAX = 16 * 1024 * 1024;

/** A connection is looked at when so much is unread: less is on its way most of the time, and cannot fill anything. */
const LOOKED_AT_BYTES_MIN = 64 * 1024;

/** How long a connection may have something unread and take none of it, in milliseconds. After that it is closed. */
const STALLED_MS_MAX = 30_000;
/** The same while others have to wait for it. */
const STALLED_MS_MAX_FOR_OTHERS = 2_000;

/** How long a connection may be behind, in milliseconds: what it asks takes a part of the memory that all share. */
const BEHIND_MS_MAX = 120_000;

/** What closed connections may have left with the platform, which frees it only when the other side hangs up. */
const ABANDONED_BYTES_MAX = 32 * 1024 * 1024;

/** A connection, as far as its reading goes. */
export interface Reader {
  readonly outbox: Outbox;
  /** Whether it is so far behind that nothing more is done for it. */
  isBehind: boolean;
}

interface Reading {
  /** What it had unread when it was looked last. */
  unread: number;
  /** What it had taken when it was looked last. */
  taken: number;
  /** When it was last not behind, in milliseconds by the machine's clock. */
  caughtUpAt: number;
  /** When it last took something, in milliseconds by the machine's clock. */
  since: number;
}

/** What has changed since it was looked last. */
export interface ReadingChanges<Connection> {
  /** Connections that are newly behind. */
  behind: Connection[];
  /** Connections that have caught up. */
  caughtUp: Connection[];
  /** Connections that take nothing, to be closed. */
  stalled: Connection[];
}

/**
 * How far connections are with reading what was sent to them.
 *
 * A client that asks and does not read must not fill the memory: what it asks waits until it has read, and in the end
 * its connection is closed. Only connections with something unread are looked at.
 */
export class Readers<Connection extends Reader> {
  readonly #reading = new Map<Connection, Reading>();
  /** Connections that were closed before they had read everything. */
  readonly #abandoned = new Set<Connection>();
  #unread = 0;

  /** Whether anything is unread: then it must be looked again, because nothing tells of reading. */
  get areAny(): boolean {
    return this.#reading.size > 0;
  }

  /** Whether all connections together have so much unread that nothing more may be handed out. */
  get areTooFarBehind(): boolean {
    return this.#unread >= OBJECT_UNREAD_MAX;
  }

  /** Whether what closed connections have left can only be freed by starting anew. */
  get isAbandonedTooMuch(): boolean {
    let bytes = 0;
    for (const session of this.#abandoned) {
      if (session.outbox.inFlight === 0) this.#abandoned.delete(session);
      bytes += session.outbox.inFlight;
    }
    return bytes >= ABANDONED_BYTES_MAX;
  }

  /**
   * To be told of a connection to which something was sent.
   *
   * @param now by the machine's clock, in milliseconds
   */
  sentTo(session: Connection, now: number): void {
    const { outbox } = session;
    if (this.#reading.has(session) || (outbox.isEmpty && outbox.inFlight < LOOKED_AT_BYTES_MIN)) return;
    this.#reading.set(session, { unread: 0, taken: outbox.taken, since: now, caughtUpAt: now });
  }

  /** To be told of a connection that is closed. */
  left(session: Connection): void {
    session.outbox.drop();
    this.#unread -= this.#reading.get(session)?.unread ?? 0;
    this.#reading.delete(session);
    if (session.outbox.inFlight > 0) this.#abandoned.add(session);
  }

  /**
   * Looks at what was read, sends more, and answers what has changed. To be called once in an event.
   *
   * @param now by the machine's clock, in milliseconds
   */
  look(now: number): ReadingChanges<Connection> {
    const changes: ReadingChanges<Connection> = { behind: [], caughtUp: [], stalled: [] };
    const stalledMsMax = this.areTooFarBehind ? STALLED_MS_MAX_FOR_OTHERS : STALLED_MS_MAX;
    this.#unread = 0;
    for (const [session, reading] of this.#reading) {
      const { outbox } = session;
      if (outbox.taken > reading.taken) Object.assign(reading, { taken: outbox.taken, since: now });
      outbox.send();
      const { unread } = outbox;
      reading.unread = unread;
      this.#unread += unread;
      if (unread === 0) this.#reading.delete(session);
      const isStalled = now - reading.since > stalledMsMax || now - reading.caughtUpAt > BEHIND_MS_MAX;
      if (unread > 0 && isStalled) {
        changes.stalled.push(session);
        this.#reading.delete(session);
        this.#unread -= unread;
        continue;
      }
      if (unread < CONNECTION_UNREAD_MAX && !session.isBehind) reading.caughtUpAt = now;
      if (!session.isBehind && unread >= CONNECTION_UNREAD_MAX) {
        session.isBehind = true;
        changes.behind.push(session);
      } else if (session.isBehind && unread < CONNECTION_UNREAD_AGAIN) {
        session.isBehind = false;
        changes.caughtUp.push(session);
      }
    }
    return changes;
  }
}
