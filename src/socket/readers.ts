import type { Outbox } from "./outbox.ts";

/** A connection with so many bytes unread is behind: its commands are held back until it has read. */
const CONNECTION_UNREAD_MAX = 4 * 1024 * 1024;
/** Below this it is no longer behind. */
const CONNECTION_UNREAD_AGAIN = 1024 * 1024;

/** With so many bytes unread on all connections together, no messages are handed out until some are read. */
const OBJECT_UNREAD_MAX = 16 * 1024 * 1024;

/** A connection is watched from so many unread bytes on: fewer are in flight most of the time, and harmless. */
const LOOKED_AT_BYTES_MIN = 64 * 1024;

/** How long a connection may have something unread and read none of it, in milliseconds. Then it is closed. */
const STALLED_MS_MAX = 30_000;
/** The same while other connections have to wait for it. */
const STALLED_MS_MAX_FOR_OTHERS = 2_000;

/** How long a connection may be behind, in milliseconds: its commands take a part of the memory that all share. */
const BEHIND_MS_MAX = 120_000;

/** Bytes that closed connections may have left at the platform, which frees them only when the client hangs up. */
const ABANDONED_BYTES_MAX = 32 * 1024 * 1024;

/** A connection, as far as its reading goes. */
export interface Reader {
  readonly outbox: Outbox;
  /** Whether it is so far behind that its commands are held back. */
  isBehind: boolean;
}

interface Reading {
  /** Bytes unread at the last look. */
  unread: number;
  /** Bytes read up to the last look. */
  taken: number;
  /** When it was last not behind, in milliseconds by the machine's clock. */
  caughtUpAt: number;
  /** When it last read something, in milliseconds by the machine's clock. */
  since: number;
}

/** What has changed since the last look. */
export interface ReadingChanges<Connection> {
  /** Connections that are newly behind. */
  behind: Connection[];
  /** Connections that have caught up. */
  caughtUp: Connection[];
  /** Connections that read nothing, to be closed. */
  stalled: Connection[];
}

/**
 * Watches how far connections are with reading what was sent to them.
 *
 * A client that sends commands and does not read replies must not fill the memory: its commands wait until it has read,
 * and in the end its connection is closed. Only connections with something unread are watched.
 */
export class Readers<Connection extends Reader> {
  readonly #reading = new Map<Connection, Reading>();
  /** Connections that were closed before they had read everything. */
  readonly #abandoned = new Set<Connection>();
  #unread = 0;

  /** Whether anything is unread: then `look` must be called again, because there is no event for reading. */
  get areAny(): boolean {
    return this.#reading.size > 0;
  }

  /** Whether all connections together have so much unread that no messages may be handed out. */
  get areTooFarBehind(): boolean {
    return this.#unread >= OBJECT_UNREAD_MAX;
  }

  /** Whether closed connections have left so much at the platform that only a new object frees it. */
  get isAbandonedTooMuch(): boolean {
    let bytes = 0;
    for (const session of this.#abandoned) {
      if (session.outbox.inFlight === 0) this.#abandoned.delete(session);
      bytes += session.outbox.inFlight;
    }
    return bytes >= ABANDONED_BYTES_MAX;
  }

  /**
   * Notes that something was sent to a connection.
   *
   * @param now by the machine's clock, in milliseconds
   */
  sentTo(session: Connection, now: number): void {
    const { outbox } = session;
    if (this.#reading.has(session) || (outbox.isEmpty && outbox.inFlight < LOOKED_AT_BYTES_MIN)) return;
    this.#reading.set(session, { unread: 0, taken: outbox.taken, since: now, caughtUpAt: now });
  }

  /** Notes that a connection is closed. */
  left(session: Connection): void {
    session.outbox.drop();
    this.#unread -= this.#reading.get(session)?.unread ?? 0;
    this.#reading.delete(session);
    if (session.outbox.inFlight > 0) this.#abandoned.add(session);
  }

  /**
   * Measures what was read, sends more, and returns what has changed. To be called once per event.
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
