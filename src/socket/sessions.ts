import { PING, PONG } from "../contract/socket-protocol.ts";
import { Session, type Wait } from "./session.ts";

/** The connections of one object. They live longer than its memory: what each waits for is kept with its socket. */
export class Sessions {
  readonly #ctx: DurableObjectState;
  readonly #bySocket = new Map<WebSocket, Session>();
  readonly #bySubscriber = new Map<number, Session>();

  constructor(ctx: DurableObjectState) {
    this.#ctx = ctx;
  }

  /** Takes up again the connections from before the object left memory, and answers what they wait for, in order. */
  restore(): Wait[] {
    const waits = this.#ctx.getWebSockets().flatMap((socket) => {
      if (socket.readyState !== WebSocket.OPEN) return [];
      const { session, waits } = Session.restore(socket);
      this.#enter(session);
      return waits;
    });
    return waits.sort((a, b) => a.since - b.since);
  }

  /** The highest number under which a connection is subscribed; 0 where there is none. */
  get lastSubscriber(): number {
    return Math.max(0, ...this.#bySubscriber.keys());
  }

  /** Makes a connection, and answers with the end of it that is for the other side. */
  open(subscriber: number): WebSocket {
    const { 0: client, 1: server } = new WebSocketPair();
    this.#ctx.acceptWebSocket(server);
    this.#ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
    const session = new Session(server, subscriber);
    this.#enter(session);
    session.keep(subscriber);
    return client;
  }

  #enter(session: Session): void {
    this.#bySocket.set(session.socket, session);
    this.#bySubscriber.set(session.subscriber, session);
  }

  /** The connection to which this is pushed. */
  subscribed(subscriber: number): Session | undefined {
    return this.#bySubscriber.get(subscriber);
  }

  of(socket: WebSocket): Session | undefined {
    return this.#bySocket.get(socket);
  }

  close(socket: WebSocket): Session | undefined {
    const session = this.#bySocket.get(socket);
    this.#bySocket.delete(socket);
    if (session !== undefined) this.#bySubscriber.delete(session.subscriber);
    return session;
  }

  /** Sends what there is to be sent. Answers how many more connections may now come back with something new. */
  flush(): number {
    let leaving = 0;
    for (const session of this.#bySocket.values()) {
      if (session.hasNews && session.flush()) leaving += 1;
    }
    return leaving;
  }

  /** Lets every connection survive the object's memory. */
  keep(lastTicket: number): void {
    for (const session of this.#bySocket.values()) session.keep(lastTicket);
  }
}
