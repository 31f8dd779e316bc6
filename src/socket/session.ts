import { ProblemError } from "../api/check/problem-error.ts";
import type { QueueInfo } from "../api/forms/queue-info.ts";
import { deliveriesJson } from "../api/forms/received-json.ts";
import { replyOf } from "../api/reply.ts";
import type { Responder } from "../api/responder.ts";
import type { Consumer } from "../api/schema/queues.ts";
import type { Connection } from "../api/verbs/base/descriptor.ts";
import { VERBS, type Verb } from "../api/verbs/index.ts";
import { SOCKET_WAITS_MAX } from "../contract/limits.ts";
import type {
  Command,
  Delivery,
  JobView,
  ReceiveCommand,
  Refusal,
  Result,
  UnknownJob,
} from "../queue/base/commands.ts";
import type { SubscriptionView } from "../queue/receivers.ts";
import { type Attachment, type Peer, storedPeer } from "./attachment.ts";
import { InHand } from "./in-hand.ts";
import { endLine, jobLine, lostLine, refusalLine, replyLine, WATCH_AGAIN_LINE } from "./lines.ts";
import type { Marks } from "./marks.ts";
import { Outbox } from "./outbox.ts";
import { SharedPutsReply } from "./shared-puts-reply.ts";

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
  verb: Verb;
  /** Present for an operation about leases. */
  receipts?: readonly string[];
  /** Present for a receive that waits. */
  receive?: ReceiveCommand;
  isWait: boolean;
}

/** One connection: its operations that are not answered, its subscription, and what is sent to it. */
export class Session implements Responder, Connection {
  readonly socket: WebSocket;
  readonly subscriber: number;
  readonly peer: Peer;
  readonly outbox: Outbox;
  /** Whether it is so far behind with reading that its commands are held back. */
  isBehind = false;
  readonly #marks: Marks<Session>;
  readonly #unanswered = new Map<number, Unanswered>();
  readonly #requestIdById = new Map<number, number>();
  #waits = 0;
  /** The subscription as of the last commit batch that changed it; the queue does not know it while this is behind. */
  #subscription: SubscriptionView | undefined;
  #hasSubscribed = false;
  #hasWatched = false;
  #inHand = new InHand();
  /** Messages to be pushed, which share a line. */
  #pushes: string[] = [];

  /** @param subscriber the number under which messages are pushed to it, which identifies it as a caller too */
  constructor(socket: WebSocket, subscriber: number, peer: Peer, marks: Marks<Session>) {
    this.socket = socket;
    this.subscriber = subscriber;
    this.peer = peer;
    this.outbox = new Outbox(socket);
    this.#marks = marks;
    marks.changed.add(this);
  }

  /** The session of a socket that outlived the object's memory. `waits` returns its waits. */
  static restore(socket: WebSocket, attachment: Attachment, marks: Marks<Session>): Session {
    const { subscriber, peer, credit, leaseMs, subscribedAt, hearBy, receives, resend, inHand } = attachment;
    const session = new Session(socket, subscriber, peer, marks);
    session.#inHand = new InHand(inHand);
    for (const [requestId, id, max, receiveLeaseMs, autoAck] of receives) {
      const timeoutMs = Number.POSITIVE_INFINITY;
      session.begin(
        requestId,
        { id, verb: "receive" },
        { verb: "receive", max, leaseMs: receiveLeaseMs, autoAck, timeoutMs },
      );
    }
    session.#hasSubscribed = subscribedAt > 0;
    session.#subscription = { credit, leaseMs, hearBy, position: subscribedAt };
    if (resend.length > 0) session.tell(JSON.stringify({ resend }));
    session.#hasWatched = attachment.hasWatched ?? false;
    session.tellWatchAgain();
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

  /** The queue has forgotten which jobs it watches: its client tells it again. */
  tellWatchAgain(): void {
    if (this.#hasWatched) this.tell(WATCH_AGAIN_LINE);
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
  begin(requestId: number, { id, verb }: { id: number; verb: Verb }, command: Command): void {
    // A redrive waits too: for messages to arrive in another queue.
    const isWait = ("timeoutMs" in command && command.timeoutMs > 0) || command.verb === "redrive";
    if (isWait && this.#waits >= SOCKET_WAITS_MAX) {
      const detail = `${SOCKET_WAITS_MAX} operations of this connection wait already, which is the most; cancel some first.`;
      throw new ProblemError("too_many_waits", detail);
    }
    if (isWait) this.#waits += 1;
    const mayBeStored = command.verb === "receive" && isWait;
    const unanswered: Unanswered = { id, verb, isWait };
    if (mayBeStored) unanswered.receive = command;
    if ("receipts" in command && command.verb !== "begin") unanswered.receipts = command.receipts;
    this.#unanswered.set(requestId, unanswered);
    this.#requestIdById.set(id, requestId);
    if (command.verb === "subscribe") this.#hasSubscribed = true;
    if (command.verb === "watch") this.#hasWatched = true;
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
      if (result.verb === "push") this.#push(result.deliveries);
      if (result.verb === "job") this.#tellJob(result.job);
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
    if (result.verb === "receive") this.#inHand.handedOut(result.deliveries);
    if (unanswered.receipts !== undefined && "stale" in result)
      this.#noteLeases(unanswered.verb, unanswered.receipts, result);
    // After an ack a client mostly works on another message, or waits for a push.
    if (result.verb === "put" || result.verb === "receive") this.#marks.answered.add(this);
    this.tell(replyLine(unanswered.id, replyOf(unanswered.verb, result, queueInfo)));
  }

  #noteLeases(verb: Verb, receipts: readonly string[], result: Extract<Result, { stale: string[] }>): void {
    const stale = new Set(result.stale);
    const valid = stale.size === 0 ? receipts : receipts.filter((receipt) => !stale.has(receipt));
    if (VERBS[verb].endsLeases) this.#inHand.settled(valid);
    if ("leaseEndsAt" in result) this.#inHand.extended(valid, result.leaseEndsAt);
    this.#inHand.lost(stale);
  }

  /** The connection as `describe` shows it; undefined if it consumes nothing. */
  consumer(now: number): Consumer | undefined {
    const inHand = this.#inHand.count(now);
    if (!this.#hasSubscribed && inHand === 0) return undefined;
    const { principal, name = principal.name, address, since } = this.peer;
    const credit = this.#subscription?.credit ?? 0;
    return { name, key: principal.name, address, since: since / 1_000, inHand, credit };
  }

  /** Reports leases that ended without a call of their holder. */
  tellLost(receipts: ReadonlySet<string>): void {
    this.#inHand.lost(receipts);
    this.tell(lostLine([...receipts]));
  }

  /** Adds a line to the next frame. */
  tell(line: string): void {
    this.outbox.add(line);
    this.#marks.unsent.add(this);
  }

  #push(deliveries: readonly Delivery[]): void {
    this.#inHand.handedOut(deliveries);
    this.#pushes.push(deliveriesJson(deliveries).slice(1, -1));
    this.#marks.unsent.add(this);
  }

  /** One that is behind with reading asks for the result when it has caught up. */
  #tellJob(job: JobView | UnknownJob): void {
    const told = this.isBehind && job.state !== "unknown" ? { ...job, result: undefined } : job;
    this.tell(jobLine(told));
  }

  #closePush(): void {
    if (this.#pushes.length === 0) return;
    this.tell(`{"push":[${this.#pushes.join(",")}]}`);
    this.#pushes = [];
  }

  #end(refusal: Refusal): void {
    this.#subscription = undefined;
    this.#closePush();
    this.tell(endLine(refusal));
  }

  /** Answers an operation that was not submitted. */
  refuse(id: number, error: ProblemError): void {
    this.tell(refusalLine(id, error));
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
      ...{
        subscriber: this.subscriber,
        peer: storedPeer(this.peer),
        inHand: this.#inHand.kept(),
        credit,
        leaseMs,
        subscribedAt,
        hearBy,
        hasWatched: this.#hasWatched,
      },
      ...{ receives, resend },
    };
    this.socket.serializeAttachment(attachment);
  }
}
