import { RECEIPTS_MAX } from "../contract/limits.ts";
import { PING, PONG } from "../contract/socket-protocol.ts";
import type { MachineClock } from "../machine-clock.ts";
import type { Command } from "../queue/base/commands.ts";
import { Readers } from "./readers.ts";
import { lostLine, type Marks, Session, type Wait } from "./session.ts";

/** What one commit batch may say of lost leases on all connections together, in characters. */
export const LOST_CHARACTERS_MAX = 8 * 1024 * 1024;

/** The connections of one object. They live longer than its memory: what each waits for is kept with its socket. */
export class Sessions {
  /** How far connections are with reading. */
  readonly readers = new Readers<Session>();
  readonly #ctx: DurableObjectState;
  readonly #clock: MachineClock;
  readonly #bySocket = new Map<WebSocket, Session>();
  readonly #bySubscriber = new Map<number, Session>();
  readonly #marks: Marks = { news: new Set(), changed: new Set() };
  /** Connections that have said something since a commit batch began. */
  readonly #heard = new Set<Session>();

  constructor(ctx: DurableObjectState, clock: MachineClock) {
    this.#ctx = ctx;
    this.#clock = clock;
  }

  /** Takes up again the connections from before the object left memory, and answers what they wait for, in order. */
  restore(): Wait[] {
    for (const socket of this.#ctx.getWebSockets()) {
      if (socket.readyState === WebSocket.OPEN) this.#enter(Session.restore(socket, this.#marks));
    }
    return byAge([...this.#bySocket.values()].flatMap((session) => session.waits()));
  }

  /** The subscriptions of all connections that are not behind with reading. */
  subscriptions(): Wait[] {
    const sessions = [...this.#bySocket.values()].filter(({ isBehind }) => !isBehind);
    return byAge(
      sessions.flatMap((session) => session.waits().filter(({ requestId }) => requestId === session.subscriber)),
    );
  }

  /** The highest number under which a connection is subscribed; 0 where there is none. */
  get lastSubscriber(): number {
    let last = 0;
    for (const subscriber of this.#bySubscriber.keys()) last = Math.max(last, subscriber);
    return last;
  }

  /** Makes a connection, and answers with the end of it that is for the other side. */
  open(subscriber: number): WebSocket {
    const { 0: client, 1: server } = new WebSocketPair();
    this.#ctx.acceptWebSocket(server);
    this.#ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
    const session = new Session(server, subscriber, this.#marks);
    this.#enter(session);
    session.keep(subscriber);
    return client;
  }

  #enter(session: Session): void {
    this.#bySocket.set(session.socket, session);
    this.#bySubscriber.set(session.subscriber, session);
  }

  /** The numbers under which connections are subscribed, or could be. */
  get subscribers(): Iterable<number> {
    return this.#bySubscriber.keys();
  }

  /** The connection to which this is pushed. */
  subscribed(subscriber: number): Session | undefined {
    return this.#bySubscriber.get(subscriber);
  }

  /** A connection has said something, whatever it was. */
  noteWord(session: Session): void {
    this.#heard.add(session);
  }

  /** The subscribers that have said something since this was last asked. To be asked as a commit batch begins. */
  takeHeard(): number[] {
    const heard = [...this.#heard];
    this.#heard.clear();
    for (const session of heard) session.heard();
    return heard.map(({ subscriber }) => subscriber);
  }

  /** A subscription that is restored is as its connection is by now, which may have said something meanwhile. */
  upToDate(requestId: number, command: Command): Command {
    const isRestored = command.verb === "subscribe" && command.subscriber === requestId;
    return isRestored ? { ...command, hearBy: this.subscribed(requestId)?.hearBy } : command;
  }

  of(socket: WebSocket): Session | undefined {
    return this.#bySocket.get(socket);
  }

  close(socket: WebSocket): Session | undefined {
    const session = this.#bySocket.get(socket);
    this.#bySocket.delete(socket);
    if (session === undefined) return undefined;
    this.#bySubscriber.delete(session.subscriber);
    this.#marks.news.delete(session);
    this.#marks.changed.delete(session);
    this.#heard.delete(session);
    this.readers.left(session);
    return session;
  }

  /**
   * Tells of leases that were ended, though nobody who holds them asked for it, whoever has subscribed. Where there are
   * many connections each hears of as many as fit; who is behind with reading hears of none.
   */
  tellLost(receipts: readonly string[]): void {
    if (receipts.length === 0) return;
    const listeners = [...this.#bySocket.values()].filter(({ hasSubscribed, isBehind }) => hasSubscribed && !isBehind);
    let characters = Math.floor(LOST_CHARACTERS_MAX / Math.max(1, listeners.length));
    const told = receipts.filter((receipt) => {
      characters -= receipt.length + 3;
      return characters >= 0;
    });
    for (let begin = 0; begin < told.length; begin += RECEIPTS_MAX) {
      const line = lostLine(told.slice(begin, begin + RECEIPTS_MAX));
      for (const session of listeners) session.tell(line);
    }
  }

  /** Sends what there is to be sent. Answers how many more connections may now come back with something new. */
  flush(): number {
    let leaving = 0;
    for (const session of this.#marks.news) {
      // Puts may be answered that share an operation of a connection which is gone.
      if (!this.#bySocket.has(session.socket)) continue;
      if (session.flush()) leaving += 1;
      this.readers.sentTo(session, this.#clock.now());
    }
    this.#marks.news.clear();
    return leaving;
  }

  /** Lets every connection survive the object's memory. */
  keep(lastRequestId: number): void {
    for (const session of this.#marks.changed) session.keep(lastRequestId);
    this.#marks.changed.clear();
  }
}

/** Who waits longest first. */
function byAge(waits: Wait[]): Wait[] {
  return waits.sort((a, b) => a.since - b.since);
}
