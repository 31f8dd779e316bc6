import { ProblemError, problemOf } from "../api/problem-error.ts";
import { type QueueInfo, type Reply, replyOf } from "../api/reply.ts";
import type { Responder } from "../api/responder.ts";
import { SOCKET_WAITS_MAX } from "../contract/limits.ts";
import type { Command, ReceiveCommand, Refusal, Result } from "../queue/base/commands.ts";
import type { Connection } from "./operation-commands.ts";
import { Outbox } from "./outbox.ts";
import { SharedPuts } from "./shared-puts-reply.ts";

/** What a connection waits for, as it is kept with its socket while the object is not in memory. */
interface Attachment {
  subscriber: number;
  credit: number;
  leaseMs: number | undefined;
  /** Which request id was the last when it came to wait for what is pushed; 0 where it never did. */
  subscribedAt: number;
  /** By when it must be heard, or nothing more is pushed to it; undefined where nothing was pushed since it was heard. */
  hearBy?: number | undefined;
  receives: [requestId: number, id: number, max: number, leaseMs: number | undefined, autoAck: boolean][];
  /** Everything else that waits. It is too large to be kept, so the other side is asked to send it again. */
  resend: number[];
}

/** Something that a connection waits for. */
export interface Wait {
  session: Session;
  requestId: number;
  command: Command;
  /** Whoever has a smaller one has waited for longer. */
  since: number;
}

interface Unanswered {
  id: number;
  /** Present for what may wait. */
  receive?: ReceiveCommand;
  isWait: boolean;
}

/** Where a connection says that there is something to do for it, so that nobody has to look at all of them. */
export interface Marks {
  /** Connections that have something to be sent. */
  readonly news: Set<Session>;
  /** Connections of which what is kept with the socket is not true any more. */
  readonly changed: Set<Session>;
}

/** One connection: what it has asked and waits for, and what is to be sent to it. */
export class Session implements Responder, Connection {
  readonly socket: WebSocket;
  readonly subscriber: number;
  readonly outbox: Outbox;
  /** Whether it is so far behind with reading that nothing more is done for it. */
  isBehind = false;
  readonly #marks: Marks;
  readonly #unanswered = new Map<number, Unanswered>();
  readonly #requestIdById = new Map<number, number>();
  #waits = 0;
  #credit = 0;
  #leaseMs: number | undefined;
  #subscribedAt = 0;
  #hearBy: number | undefined;
  /** Whether it went to the end of the line. */
  #wasServed = false;
  /** Whether it may ask something because of what it is about to be told. */
  #isAboutToLeave = false;
  /** Whether it was told that, and has not asked anything since. */
  #isAway = false;
  /** Messages to be pushed, which share a line. */
  #pushes: string[] = [];

  /** @param subscriber the number under which messages are pushed to it */
  constructor(socket: WebSocket, subscriber: number, marks: Marks) {
    this.socket = socket;
    this.subscriber = subscriber;
    this.outbox = new Outbox(socket);
    this.#marks = marks;
    marks.changed.add(this);
  }

  /** The session of a socket that outlived the object's memory. What it waits for is to be had from `waits`. */
  static restore(socket: WebSocket, marks: Marks): Session {
    const attachment = socket.deserializeAttachment() as Attachment;
    const { subscriber, credit, leaseMs, subscribedAt, hearBy, receives, resend } = attachment;
    const session = new Session(socket, subscriber, marks);
    for (const [requestId, id, max, receiveLeaseMs, autoAck] of receives) {
      const timeoutMs = Number.POSITIVE_INFINITY;
      session.begin(requestId, id, { verb: "receive", max, leaseMs: receiveLeaseMs, autoAck, timeoutMs });
    }
    session.#credit = credit;
    session.#leaseMs = leaseMs;
    session.#subscribedAt = subscribedAt;
    session.#hearBy = hearBy;
    if (resend.length > 0) session.#say(JSON.stringify({ resend }));
    return session;
  }

  /** What it waits for that can be asked of the queue anew: receives, and its subscription. */
  waits(): Wait[] {
    const waits: Wait[] = [];
    for (const [requestId, { receive }] of this.#unanswered) {
      if (receive !== undefined) waits.push({ session: this, requestId, command: receive, since: requestId });
    }
    if (this.#credit > 0) {
      const { subscriber } = this;
      const command: Command = { verb: "subscribe", subscriber, credit: this.#credit, leaseMs: this.#leaseMs };
      waits.push({ session: this, requestId: subscriber, command, since: this.#subscribedAt });
    }
    return waits;
  }

  /** By when it must be heard; undefined where nothing was pushed since it was. */
  get hearBy(): number | undefined {
    return this.#hearBy;
  }

  /** To be told that it has said something, whatever it was. */
  heard(): void {
    if (this.#hearBy === undefined) return;
    this.#hearBy = undefined;
    this.#marks.changed.add(this);
  }

  /** Whether it has subscribed since it was opened. It is told then of leases that are lost. */
  get hasSubscribed(): boolean {
    return this.#subscribedAt > 0;
  }

  /** The request ids of everything that is not answered, but for puts that share an operation. */
  get requestIds(): ReadonlySet<number> {
    return new Set(this.#unanswered.keys());
  }

  requestIdOf(id: number): number | undefined {
    return this.#requestIdById.get(id);
  }

  /** Notes that an operation was taken up. Throws a problem where too many wait. */
  begin(requestId: number, id: number, command: Command): void {
    // A redrive waits too: for messages to arrive in another queue.
    const isWait = ("timeoutMs" in command && command.timeoutMs > 0) || command.verb === "redrive";
    if (isWait && this.#waits >= SOCKET_WAITS_MAX) {
      throw new ProblemError("too_many_waits", `A connection waits for at most ${SOCKET_WAITS_MAX} things at a time.`);
    }
    if (isWait) this.#waits += 1;
    const mayBeKept = command.verb === "receive" && isWait;
    this.#unanswered.set(requestId, mayBeKept ? { id, receive: command, isWait } : { id, isWait });
    this.#requestIdById.set(id, requestId);
    if (command.verb === "subscribe") {
      this.#leaseMs = command.leaseMs;
      if (this.#credit === 0) this.#subscribedAt = requestId;
    }
    this.#marks.changed.add(this);
  }

  /** Whoever takes in the answers of puts that share an operation, and whose request ids follow one another. */
  sharedPuts(firstRequestId: number, id: number, count: number): Responder {
    return new SharedPuts(id, firstRequestId, count, (line) => {
      this.#isAboutToLeave = true;
      this.#say(line);
    });
  }

  /** Takes in the answer to an operation, or what is for the subscription, to be sent with the next frame. */
  answer(requestId: number, result: Result, queueInfo: QueueInfo): void {
    this.#marks.changed.add(this);
    if (requestId === this.subscriber) {
      if (result.verb === "push") {
        this.#hearBy = result.hearBy;
        this.#push(result.deliveries.length, replyOf(result, queueInfo));
      }
      if (result.verb === "refused") this.#end(result);
      return;
    }
    const unanswered = this.#unanswered.get(requestId);
    if (unanswered === undefined) return;
    this.#unanswered.delete(requestId);
    if (this.#requestIdById.get(unanswered.id) === requestId) this.#requestIdById.delete(unanswered.id);
    if (unanswered.isWait) this.#waits -= 1;
    if (result.verb === "begin") {
      if (result.stale.length > 0) this.tell(lostLine(result.stale));
      return;
    }
    if (result.verb === "subscribe") this.#credit = result.credit;
    if (result.verb === "unsubscribe") {
      this.#credit = 0;
      this.#closePush();
    }
    // Whoever has put one thing may have another. Who acks mostly has more to work on, or waits for what is pushed.
    this.#isAboutToLeave ||= result.verb === "put" || result.verb === "receive";
    this.#say(lineOf(unanswered.id, replyOf(result, queueInfo)));
  }

  /** Tells it something that it has not asked for, with the next frame. */
  tell(line: string): void {
    this.#say(line);
  }

  #say(line: string): void {
    this.outbox.add(line);
    this.#marks.news.add(this);
  }

  #push(messages: number, reply: Reply): void {
    this.#credit -= messages;
    this.#wasServed = true;
    if (reply.ok) this.#pushes.push(reply.json.slice(1, -1));
    this.#marks.news.add(this);
  }

  #closePush(): void {
    if (this.#pushes.length === 0) return;
    this.#say(`{"push":[${this.#pushes.join(",")}]}`);
    this.#pushes = [];
  }

  #end({ code, detail }: Refusal): void {
    this.#credit = 0;
    this.#closePush();
    this.#say(`{"problem":${JSON.stringify(problemOf(code, detail))}}`);
  }

  /** Says what is wrong with an operation that was not taken up. */
  refuse(id: number, { code, message, errors }: ProblemError): void {
    this.#say(JSON.stringify({ id, problem: problemOf(code, message, errors) }));
  }

  /** To be told when it asks something. Answers whether it was away. */
  comesBack(): boolean {
    const wasAway = this.#isAway;
    this.#isAway = false;
    return wasAway;
  }

  /**
   * Sends what there is to be sent, or as much of it as the connection may have unread. Answers whether it is newly
   * away.
   */
  flush(): boolean {
    const isLeaving = this.#isAboutToLeave && !this.#isAway;
    this.#isAway ||= isLeaving;
    this.#isAboutToLeave = false;
    this.#closePush();
    return this.outbox.send() && isLeaving;
  }

  /**
   * Keeps what it waits for with the socket. To be called when there is nothing else to do.
   *
   * @param lastRequestId the last that was given out
   */
  keep(lastRequestId: number): void {
    if (this.socket.readyState !== WebSocket.OPEN) return;
    if (this.#wasServed) this.#subscribedAt = lastRequestId;
    this.#wasServed = false;
    const receives: Attachment["receives"] = [];
    const resend: number[] = [];
    for (const [requestId, { id, receive, isWait }] of this.#unanswered) {
      if (receive !== undefined) receives.push([requestId, id, receive.max, receive.leaseMs, receive.autoAck]);
      // What only has its turn to come keeps the object in memory.
      else if (isWait) resend.push(id);
    }
    const subscription = { credit: this.#credit, leaseMs: this.#leaseMs, subscribedAt: this.#subscribedAt };
    const hearBy = this.#hearBy;
    const attachment: Attachment = { subscriber: this.subscriber, ...subscription, hearBy, receives, resend };
    this.socket.serializeAttachment(attachment);
  }
}

/** The line that tells of leases that are over: at least one, at most as many as share a line. */
export function lostLine(receipts: readonly string[]): string {
  return JSON.stringify({ lost: receipts });
}

function lineOf(id: number, reply: Reply): string {
  if (reply.ok) return `{"id":${id},"reply":${reply.json}}`;
  const { code, detail, path } = reply;
  const errors = path === undefined ? undefined : [{ path, message: detail }];
  return JSON.stringify({ id, problem: problemOf(code, detail, errors) });
}
