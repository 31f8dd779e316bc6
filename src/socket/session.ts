import { ProblemError, problemOf } from "../api/problem-error.ts";
import { type QueueInfo, type Reply, replyOf } from "../api/reply.ts";
import type { Responder } from "../api/responder.ts";
import { SOCKET_WAITS_MAX } from "../contract/limits.ts";
import type { Command, ReceiveCommand, Refusal, Result } from "../queue/base/commands.ts";
import type { SubscriptionView } from "../queue/receivers.ts";
import type { Connection } from "./operations.ts";
import { Outbox } from "./outbox.ts";
import { SharedPutsReply } from "./shared-puts-reply.ts";

/** The waits of a connection, as they are stored with its socket while the object is not in memory. */
interface Attachment {
  subscriber: number;
  credit: number;
  leaseMs: number | undefined;
  /** The position of its subscription among all that wait for messages; 0 if it never subscribed. */
  subscribedAt: number;
  /** Nothing more is pushed to it unless it is heard before this time; undefined if nothing was pushed since it was heard. */
  hearBy?: number | undefined;
  receives: [requestId: number, id: number, max: number, leaseMs: number | undefined, autoAck: boolean][];
  /** All other operations that wait. They are too large to be stored, so the client is asked to send them again. */
  resend: number[];
}

/** The same as it was stored by builds in which `resend` had another name. */
type EarlierAttachment = Omit<Attachment, "resend"> & { again: number[] };

/** One wait of a connection. */
export interface Wait {
  session: Session;
  requestId: number;
  command: Command;
  /** Its order among all waits: the smaller waits longer. */
  since: number;
}

interface Unanswered {
  id: number;
  /** Present for a receive that waits. */
  receive?: ReceiveCommand;
  isWait: boolean;
}

/** Sets in which connections enter themselves, so that a commit batch visits only these. */
export interface Marks {
  /** Connections that have something to send. */
  readonly unsent: Set<Session>;
  /** Connections whose stored attachment is out of date. */
  readonly changed: Set<Session>;
  /** Connections whose subscription has changed in the queue. */
  readonly subscriptionChanged: Set<Session>;
  /** Connections with a reply after which their client probably sends its next command. */
  readonly answered: Set<Session>;
}

/** One connection: its operations that are not answered, its subscription, and what is sent to it. */
export class Session implements Responder, Connection {
  readonly socket: WebSocket;
  readonly subscriber: number;
  readonly outbox: Outbox;
  /** Whether it is so far behind with reading that its commands are held back. */
  isBehind = false;
  readonly #marks: Marks;
  readonly #unanswered = new Map<number, Unanswered>();
  readonly #requestIdById = new Map<number, number>();
  #waits = 0;
  /** The subscription as of the last commit batch that changed it; the queue does not know it while this is behind. */
  #subscription: SubscriptionView | undefined;
  #hasSubscribed = false;
  /** Messages to be pushed, which share a line. */
  #pushes: string[] = [];

  /** @param subscriber the number under which messages are pushed to it, which identifies it as a caller too */
  constructor(socket: WebSocket, subscriber: number, marks: Marks) {
    this.socket = socket;
    this.subscriber = subscriber;
    this.outbox = new Outbox(socket);
    this.#marks = marks;
    marks.changed.add(this);
  }

  /** The session of a socket that outlived the object's memory. `waits` returns its waits. */
  static restore(socket: WebSocket, marks: Marks): Session {
    const attachment = socket.deserializeAttachment() as Attachment | EarlierAttachment;
    const { subscriber, credit, leaseMs, subscribedAt, hearBy, receives } = attachment;
    const resend = "resend" in attachment ? attachment.resend : attachment.again;
    const session = new Session(socket, subscriber, marks);
    for (const [requestId, id, max, receiveLeaseMs, autoAck] of receives) {
      const timeoutMs = Number.POSITIVE_INFINITY;
      session.begin(requestId, id, { verb: "receive", max, leaseMs: receiveLeaseMs, autoAck, timeoutMs });
    }
    session.#hasSubscribed = subscribedAt > 0;
    session.#subscription = { credit, leaseMs, hearBy, position: subscribedAt };
    if (resend.length > 0) session.tell(JSON.stringify({ resend }));
    return session;
  }

  /** The waits that can be given to the queue anew: receives, and the subscription. */
  waits(): Wait[] {
    const waits: Wait[] = [];
    for (const [requestId, { receive }] of this.#unanswered) {
      if (receive !== undefined) waits.push({ session: this, requestId, command: receive, since: requestId });
    }
    const { credit = 0, leaseMs, position = 0 } = this.#subscription ?? {};
    if (credit > 0) {
      const { subscriber } = this;
      const command: Command = { verb: "subscribe", subscriber, credit, leaseMs };
      waits.push({ session: this, requestId: subscriber, command, since: position });
    }
    return waits;
  }

  /** Nothing more is pushed to it unless it is heard before this time; undefined if nothing was pushed since it was heard. */
  get hearBy(): number | undefined {
    return this.#subscription?.hearBy;
  }

  /** Notes that its client has sent a frame. */
  heard(): void {
    if (this.#subscription?.hearBy === undefined) return;
    this.#subscription = { ...this.#subscription, hearBy: undefined };
    this.#marks.changed.add(this);
  }

  /** Notes its subscription as the queue has it after a commit batch; undefined if there is none. */
  subscriptionIs(subscription: SubscriptionView | undefined): void {
    this.#subscription = subscription;
  }

  /** Whether it has subscribed since it was opened: from then on leases that are lost are reported to it. */
  get hasSubscribed(): boolean {
    return this.#hasSubscribed;
  }

  /** The request ids of everything that is not answered, except puts that share an operation. */
  get requestIds(): ReadonlySet<number> {
    return new Set(this.#unanswered.keys());
  }

  requestIdOf(id: number): number | undefined {
    return this.#requestIdById.get(id);
  }

  /**
   * Notes that a command is about to be submitted for an operation.
   *
   * @throws {ProblemError} `too_many_waits`
   */
  begin(requestId: number, id: number, command: Command): void {
    // A redrive waits too: for messages to arrive in another queue.
    const isWait = ("timeoutMs" in command && command.timeoutMs > 0) || command.verb === "redrive";
    if (isWait && this.#waits >= SOCKET_WAITS_MAX) {
      const detail = `${SOCKET_WAITS_MAX} operations of this connection wait already, which is the most; cancel some first.`;
      throw new ProblemError("too_many_waits", detail);
    }
    if (isWait) this.#waits += 1;
    const mayBeStored = command.verb === "receive" && isWait;
    this.#unanswered.set(requestId, mayBeStored ? { id, receive: command, isWait } : { id, isWait });
    this.#requestIdById.set(id, requestId);
    if (command.verb === "subscribe") this.#hasSubscribed = true;
    this.#marks.changed.add(this);
  }

  /** Receives the results of puts that share an operation, and whose request ids follow one another. */
  sharedPuts(firstRequestId: number, id: number, count: number): Responder {
    return new SharedPutsReply(id, firstRequestId, count, (line) => {
      this.#marks.answered.add(this);
      this.tell(line);
    });
  }

  /** Takes the result of an operation, or a push for the subscription. It is sent by the next `flush`. */
  answer(requestId: number, result: Result, queueInfo: QueueInfo): void {
    this.#marks.changed.add(this);
    if (requestId === this.subscriber) {
      if (result.verb === "refused") this.#end(result);
      else this.#marks.subscriptionChanged.add(this);
      if (result.verb === "push") this.#push(replyOf(result, queueInfo));
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
    if (result.verb === "subscribe" || result.verb === "unsubscribe") this.#marks.subscriptionChanged.add(this);
    if (result.verb === "unsubscribe") this.#closePush();
    // After an ack a client mostly works on another message, or waits for a push.
    if (result.verb === "put" || result.verb === "receive") this.#marks.answered.add(this);
    this.tell(lineOf(unanswered.id, replyOf(result, queueInfo)));
  }

  /** Adds a line to the next frame. */
  tell(line: string): void {
    this.outbox.add(line);
    this.#marks.unsent.add(this);
  }

  #push(reply: Reply): void {
    if (reply.ok) this.#pushes.push(reply.json.slice(1, -1));
    this.#marks.unsent.add(this);
  }

  #closePush(): void {
    if (this.#pushes.length === 0) return;
    this.tell(`{"push":[${this.#pushes.join(",")}]}`);
    this.#pushes = [];
  }

  #end({ code, detail }: Refusal): void {
    this.#subscription = undefined;
    this.#closePush();
    this.tell(`{"problem":${JSON.stringify(problemOf(code, detail))}}`);
  }

  /** Answers an operation that was not submitted. */
  refuse(id: number, { code, message, errors }: ProblemError): void {
    this.tell(JSON.stringify({ id, problem: problemOf(code, message, errors) }));
  }

  /** Sends as much as the connection may have unread. Returns whether the connection is open. */
  flush(): boolean {
    this.#closePush();
    return this.outbox.send();
  }

  /** Stores its waits with the socket. To be called when the object may leave memory. */
  keep(): void {
    if (this.socket.readyState !== WebSocket.OPEN) return;
    const receives: Attachment["receives"] = [];
    const resend: number[] = [];
    for (const [requestId, { id, receive, isWait }] of this.#unanswered) {
      if (receive !== undefined) receives.push([requestId, id, receive.max, receive.leaseMs, receive.autoAck]);
      // An operation that does not wait keeps the object in memory until it is answered.
      else if (isWait) resend.push(id);
    }
    const { credit = 0, leaseMs, hearBy, position = 0 } = this.#subscription ?? {};
    const subscribedAt = this.#hasSubscribed ? position || 1 : 0;
    const attachment: Attachment = {
      ...{ subscriber: this.subscriber, credit, leaseMs, subscribedAt, hearBy },
      ...{ receives, resend },
    };
    this.socket.serializeAttachment(attachment);
  }
}

/** The line that reports leases that are over: at least one, at most `RECEIPTS_MAX`. */
export function lostLine(receipts: readonly string[]): string {
  return JSON.stringify({ lost: receipts });
}

function lineOf(id: number, reply: Reply): string {
  if (reply.ok) return `{"id":${id},"reply":${reply.json}}`;
  const { code, detail, path } = reply;
  const errors = path === undefined ? undefined : [{ path, message: detail }];
  return JSON.stringify({ id, problem: problemOf(code, detail, errors) });
}
