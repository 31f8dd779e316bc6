import type { Principal } from "../api/keys/principal.ts";
import { hasEnded } from "../api/keys/principals.ts";
import type { ConnectionInfo } from "../api/object-calls.ts";
import type { Consumer } from "../api/schema/queues.ts";
import { CONSUMERS_SHOWN_MAX, RECEIPTS_MAX } from "../contract/limits.ts";
import { PING, PONG } from "../contract/socket-constants.ts";
import type { MachineClock } from "../machine-clock.ts";
import type { Command } from "../queue/base/commands.ts";
import type { SubscriptionView } from "../queue/receivers.ts";
import { attachmentOf, peerOf } from "./attachment.ts";
import type { Marks } from "./marks.ts";
import { Readers } from "./readers.ts";
import { Session, type Wait } from "./session.ts";

/** The most that one commit batch reports of lost leases on all connections together, in characters. */
export const LOST_CHARACTERS_MAX = 8 * 1024 * 1024;

/** The connections of one object. They outlive its memory: the waits of each are stored with its socket. */
export class Sessions {
  /** How far connections are with reading. */
  readonly readers = new Readers<Session>();
  readonly #ctx: DurableObjectState;
  readonly #clock: MachineClock;
  readonly #bySocket = new Map<WebSocket, Session>();
  readonly #bySubscriber = new Map<number, Session>();
  /** Those of them whose keys end. */
  readonly #ending = new Set<Session>();
  readonly #marks: Marks<Session> = {
    unsent: new Set(),
    changed: new Set(),
    subscriptionChanged: new Set(),
    answered: new Set(),
  };
  /** Connections that have sent a frame since the last commit batch began. */
  readonly #heard = new Set<Session>();

  constructor(ctx: DurableObjectState, clock: MachineClock) {
    this.#ctx = ctx;
    this.#clock = clock;
  }

  /** Restores the connections from before the object left memory. Returns their waits, the longest first. */
  restore(): Wait[] {
    for (const socket of this.#ctx.getWebSockets()) {
      if (socket.readyState !== WebSocket.OPEN) continue;
      const attachment = attachmentOf(socket);
      if (attachment === undefined) socket.close(RESTARTED, "The server was updated. Connect again.");
      else this.#enter(Session.restore(socket, attachment, this.#marks));
    }
    return byAge([...this.#bySocket.values()].flatMap((session) => session.waits()));
  }

  /** The subscriptions of all connections that are not behind with reading, the longest first. */
  subscriptions(): Wait[] {
    const sessions = [...this.#bySocket.values()].filter(({ isBehind }) => !isBehind);
    return byAge(
      sessions.flatMap((session) => session.waits().filter(({ requestId }) => requestId === session.subscriber)),
    );
  }

  /** The queue was loaded again: those that watch jobs tell it which. */
  tellWatchAgain(): void {
    for (const session of this.#bySocket.values()) session.tellWatchAgain();
  }

  /** The highest number of a connection; 0 if there is none. */
  get lastSubscriber(): number {
    let last = 0;
    for (const subscriber of this.#bySubscriber.keys()) last = Math.max(last, subscriber);
    return last;
  }

  /** Opens a connection. Returns the client's end of it. */
  open(subscriber: number, connection: ConnectionInfo): WebSocket {
    const { 0: client, 1: server } = new WebSocketPair();
    this.#ctx.acceptWebSocket(server);
    this.#ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
    const session = new Session(server, subscriber, peerOf(connection, this.#clock.now()), this.#marks);
    this.#enter(session);
    session.keep();
    return client;
  }

  #enter(session: Session): void {
    this.#bySocket.set(session.socket, session);
    this.#bySubscriber.set(session.subscriber, session);
    if (session.peer.principal.endsAt !== undefined) this.#ending.add(session);
  }

  /** The numbers of all connections, subscribed or not. */
  get subscribers(): Iterable<number> {
    return this.#bySubscriber.keys();
  }

  /** The connection with this number. */
  subscribed(subscriber: number): Session | undefined {
    return this.#bySubscriber.get(subscriber);
  }

  /** Notes that a connection has sent a frame. */
  noteFrame(session: Session): void {
    this.#heard.add(session);
  }

  /** The numbers of connections that have sent a frame since the last call. To be called as a commit batch begins. */
  takeHeard(): number[] {
    const heard = [...this.#heard];
    this.#heard.clear();
    for (const session of heard) session.heard();
    return heard.map(({ subscriber }) => subscriber);
  }

  /** The command of a restored subscription, with the current `hearBy` of its connection; other commands as they are. */
  upToDate(requestId: number, command: Command): Command {
    const isRestored = command.verb === "subscribe" && command.subscriber === requestId;
    return isRestored ? { ...command, hearBy: this.subscribed(requestId)?.hearBy } : command;
  }

  /** When the first key of a connection ends, in milliseconds; Infinity if none does. */
  get nextKeyEndAt(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { peer } of this.#ending) next = Math.min(next, peer.principal.endsAt ?? next);
    return next;
  }

  /** Closes the connections whose keys have ended. Returns them. */
  closeEnded(): Session[] {
    const now = this.#clock.now();
    return this.#end([...this.#ending].filter(({ peer }) => hasEnded(peer.principal, now)));
  }

  /** Closes a connection if its key has ended. Returns whether it did. */
  closeIfEnded(session: Session): boolean {
    return hasEnded(session.peer.principal, this.#clock.now()) && this.#end([session]).length > 0;
  }

  /**
   * Closes the connections whose keys the server does not have any more, and returns them. The others have what their keys
   * grant.
   */
  closeUngranted(grantOf: (principal: Principal) => Principal | undefined): Session[] {
    const ungranted = [...this.#bySocket.values()].filter(({ peer }) => {
      const principal = grantOf(peer.principal);
      if (principal !== undefined) peer.principal = principal;
      return principal === undefined;
    });
    return this.#end(ungranted);
  }

  #end(sessions: Session[]): Session[] {
    for (const { socket } of sessions) {
      socket.close(POLICY, KEY_IS_GONE);
      this.close(socket);
    }
    return sessions;
  }

  /** How many connections are open. */
  get size(): number {
    return this.#bySocket.size;
  }

  /** The connections that consume, the oldest first, at most `CONSUMERS_SHOWN_MAX`. */
  consumers(): Consumer[] {
    const now = this.#clock.now();
    const consumers = [...this.#bySocket.values()].flatMap((session) => session.consumer(now) ?? []);
    return consumers.sort((a, b) => a.since - b.since).slice(0, CONSUMERS_SHOWN_MAX);
  }

  of(socket: WebSocket): Session | undefined {
    return this.#bySocket.get(socket);
  }

  /** Removes a connection. Returns its session; undefined if it was removed before. */
  close(socket: WebSocket): Session | undefined {
    const session = this.#bySocket.get(socket);
    this.#bySocket.delete(socket);
    if (session === undefined) return undefined;
    this.#bySubscriber.delete(session.subscriber);
    this.#ending.delete(session);
    for (const marked of Object.values(this.#marks)) marked.delete(session);
    this.#heard.delete(session);
    this.readers.left(session);
    return session;
  }

  /**
   * Reports leases that ended without a call of their holder to all connections that have subscribed. With many
   * connections each gets as many as fit into `LOST_CHARACTERS_MAX`; a connection that is behind with reading gets none.
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
      const together = new Set(told.slice(begin, begin + RECEIPTS_MAX));
      for (const session of listeners) session.tellLost(together);
    }
  }

  /**
   * Notes the subscriptions that have changed in a commit batch. To be called when its results are answered.
   *
   * @param subscriptionOf asks the queue
   */
  noteSubscriptions(subscriptionOf: (subscriber: number) => SubscriptionView | undefined): void {
    for (const session of this.#marks.subscriptionChanged) {
      // The queue does not know the subscription of a connection that is behind: the session alone remembers it.
      if (!session.isBehind) session.subscriptionIs(subscriptionOf(session.subscriber));
    }
    this.#marks.subscriptionChanged.clear();
  }

  /** Sends what can be sent. Returns the numbers of connections whose clients probably send their next command soon. */
  flush(): number[] {
    const answered: number[] = [];
    const now = this.#clock.now();
    for (const session of this.#marks.unsent) {
      // A put that shares an operation is answered even if its connection is closed.
      if (!this.#bySocket.has(session.socket)) continue;
      if (session.flush() && this.#marks.answered.has(session)) answered.push(session.subscriber);
      this.readers.sentTo(session, now);
    }
    this.#marks.unsent.clear();
    this.#marks.answered.clear();
    return answered;
  }

  /** Stores the waits of all connections with their sockets, so that they outlive the object's memory. */
  keep(): void {
    for (const session of this.#marks.changed) session.keep();
    this.#marks.changed.clear();
  }
}

/** Close codes of RFC 6455: the server restarts; a policy is broken. */
const RESTARTED = 1012;
const POLICY = 1008;

const KEY_IS_GONE = "The key of this connection was removed, has ended, or cannot be read in AUTHKEYS.";

/** The longest wait first. */
function byAge(waits: Wait[]): Wait[] {
  return waits.sort((a, b) => a.since - b.since);
}
