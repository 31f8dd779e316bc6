import { BATCH_BYTES_MAX, SOCKET_WAITS_MAX } from "../contract/limits.ts";
import type { Caller } from "../object/caller.ts";
import { type Reply, replyOf, type Surroundings } from "../object/reply.ts";
import type { Command, ReceiveCommand, Refusal, Result } from "../queue/commands.ts";
import { ProblemError, problemOf } from "../requests/problem.ts";
import { SharedPuts } from "./shared-puts.ts";
import type { Connection } from "./verbs.ts";

/** What a connection waits for, as it is kept with its socket while the object is not in memory. */
export interface Attachment {
  subscriber: number;
  credit: number;
  leaseMs: number | undefined;
  /** Which ticket was the last when it came to wait for what is pushed. */
  subscribedAt: number;
  receives: [ticket: number, id: number, max: number, leaseMs: number | undefined, autoAck: boolean][];
  /** Everything else that waits. It is too large to be kept, so the other side is asked to send it again. */
  again: number[];
}

/** Something that a connection waited for before its object left memory. */
export interface Wait {
  session: Session;
  ticket: number;
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

/** One connection: what it has asked and waits for, and what is to be sent to it. */
export class Session implements Caller, Connection {
  readonly socket: WebSocket;
  readonly subscriber: number;
  readonly #unanswered = new Map<number, Unanswered>();
  #waits = 0;
  #credit = 0;
  #leaseMs: number | undefined;
  #subscribedAt = 0;
  /** Whether it went to the end of the line. */
  #wasServed = false;
  /** Whether it may ask something because of what it is about to be told. */
  #isAboutToLeave = false;
  /** Whether it was told that, and has not asked anything since. */
  #isAway = false;
  #outbox: string[] = [];
  /** Messages to be pushed, which share a line. */
  #pushes: string[] = [];
  /** Whether what is kept with the socket is not true any more. */
  #isChanged = true;

  /** @param subscriber the number under which messages are pushed to it */
  constructor(socket: WebSocket, subscriber: number) {
    this.socket = socket;
    this.subscriber = subscriber;
  }

  /** The session of a socket that outlived the object's memory, and what it waits for. */
  static restore(socket: WebSocket): { session: Session; waits: Wait[] } {
    const { subscriber, credit, leaseMs, subscribedAt, receives, again } = socket.deserializeAttachment() as Attachment;
    const session = new Session(socket, subscriber);
    const waits = receives.map(([ticket, id, max, receiveLeaseMs, autoAck]): Wait => {
      const timeoutMs = Number.POSITIVE_INFINITY;
      const command: ReceiveCommand = { verb: "receive", max, leaseMs: receiveLeaseMs, autoAck, timeoutMs };
      session.begin(ticket, id, command);
      return { session, ticket, command, since: ticket };
    });
    if (credit > 0) {
      session.#credit = credit;
      session.#leaseMs = leaseMs;
      session.#subscribedAt = subscribedAt;
      const command: Command = { verb: "subscribe", subscriber, credit, leaseMs };
      waits.push({ session, ticket: subscriber, command, since: subscribedAt });
    }
    if (again.length > 0) session.#outbox.push(JSON.stringify({ again }));
    return { session, waits };
  }

  /** The tickets of everything that is not answered, but for puts that share an operation. */
  get tickets(): ReadonlySet<number> {
    return new Set(this.#unanswered.keys());
  }

  ticketOf(id: number): number | undefined {
    for (const [ticket, unanswered] of this.#unanswered) if (unanswered.id === id) return ticket;
    return undefined;
  }

  /** Notes that an operation was taken up. Throws a problem where too many wait. */
  begin(ticket: number, id: number, command: Command): void {
    const isWait = "timeoutMs" in command && command.timeoutMs > 0;
    if (isWait && this.#waits >= SOCKET_WAITS_MAX) {
      throw new ProblemError("too_many_waits", `A connection waits for at most ${SOCKET_WAITS_MAX} things at a time.`);
    }
    if (isWait) this.#waits += 1;
    this.#unanswered.set(ticket, command.verb === "receive" ? { id, receive: command, isWait } : { id, isWait });
    if (command.verb === "subscribe") {
      this.#leaseMs = command.leaseMs;
      if (this.#credit === 0) this.#subscribedAt = ticket;
    }
    this.#isChanged = true;
  }

  /** Whoever takes in the answers of puts that share an operation, and whose tickets follow one another. */
  sharedPuts(firstTicket: number, id: number, count: number): Caller {
    return new SharedPuts(id, firstTicket, count, (line) => {
      this.#isAboutToLeave = true;
      this.#outbox.push(line);
    });
  }

  /** Takes in the answer to an operation, or what is for the subscription, to be sent with the next frame. */
  answer(ticket: number, result: Result, surroundings: Surroundings): void {
    this.#isChanged = true;
    if (ticket === this.subscriber) {
      if (result.verb === "push") this.#push(result.deliveries.length, replyOf(result, surroundings));
      else if (result.verb === "refused") this.#end(result);
      return;
    }
    const unanswered = this.#unanswered.get(ticket);
    if (unanswered === undefined) return;
    this.#unanswered.delete(ticket);
    if (unanswered.isWait) this.#waits -= 1;
    if (result.verb === "subscribe") this.#credit = result.credit;
    if (result.verb === "unsubscribe") {
      this.#credit = 0;
      this.#closePush();
    }
    // Whoever has put one thing may have another. Who acks mostly has more to work on, or waits for what is pushed.
    this.#isAboutToLeave ||= result.verb === "put" || result.verb === "receive";
    this.#outbox.push(lineOf(unanswered.id, replyOf(result, surroundings)));
  }

  #push(messages: number, reply: Reply): void {
    this.#credit -= messages;
    this.#wasServed = true;
    if (reply.ok) this.#pushes.push(reply.json.slice(1, -1));
  }

  #closePush(): void {
    if (this.#pushes.length === 0) return;
    this.#outbox.push(`{"push":[${this.#pushes.join(",")}]}`);
    this.#pushes = [];
  }

  #end({ code, detail }: Refusal): void {
    this.#credit = 0;
    this.#closePush();
    this.#outbox.push(`{"problem":${JSON.stringify(problemOf(code, detail))}}`);
  }

  /** Says what is wrong with an operation that was not taken up. */
  refuse(id: number, { code, message, errors }: ProblemError): void {
    this.#outbox.push(JSON.stringify({ id, problem: problemOf(code, message, errors) }));
  }

  /** Whether there is something to be sent. */
  get hasNews(): boolean {
    return this.#outbox.length + this.#pushes.length > 0;
  }

  /** To be told when it asks something. Answers whether it was away. */
  comesBack(): boolean {
    const wasAway = this.#isAway;
    this.#isAway = false;
    return wasAway;
  }

  /** Sends everything that there is to be sent, in one frame if it is not too large. Answers whether it is newly away. */
  flush(): boolean {
    const isLeaving = this.#isAboutToLeave && !this.#isAway;
    this.#isAway ||= isLeaving;
    this.#isAboutToLeave = false;
    this.#closePush();
    const lines = this.#outbox;
    this.#outbox = [];
    if (this.socket.readyState !== WebSocket.OPEN) return false;
    for (let begin = 0; begin < lines.length; ) {
      let end = begin;
      for (let characters = 0; end < lines.length && characters < BATCH_BYTES_MAX; end += 1) {
        characters += (lines[end] as string).length;
      }
      this.socket.send(lines.slice(begin, end).join("\n"));
      begin = end;
    }
    return isLeaving;
  }

  /**
   * Keeps what it waits for with the socket, if that has changed. To be called when there is nothing else to do.
   *
   * @param lastTicket the last that was given out
   */
  keep(lastTicket: number): void {
    if (!this.#isChanged || this.socket.readyState !== WebSocket.OPEN) return;
    this.#isChanged = false;
    if (this.#wasServed) this.#subscribedAt = lastTicket;
    this.#wasServed = false;
    const receives: Attachment["receives"] = [];
    const again: number[] = [];
    for (const [ticket, { id, receive }] of this.#unanswered) {
      if (receive === undefined) again.push(id);
      else receives.push([ticket, id, receive.max, receive.leaseMs, receive.autoAck]);
    }
    const subscription = { credit: this.#credit, leaseMs: this.#leaseMs, subscribedAt: this.#subscribedAt };
    const attachment: Attachment = { subscriber: this.subscriber, ...subscription, receives, again };
    this.socket.serializeAttachment(attachment);
  }
}

function lineOf(id: number, reply: Reply): string {
  if (reply.ok) return `{"id":${id},"reply":${reply.json}}`;
  const { code, detail, path } = reply;
  const errors = path === undefined ? undefined : [{ path, message: detail }];
  return JSON.stringify({ id, problem: problemOf(code, detail, errors) });
}
