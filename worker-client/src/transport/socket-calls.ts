import type { ServerLine } from "../../../src/api/types.ts";
import { SOCKET_WAITS_MAX } from "../../../src/contract/limits.ts";
import { chunksOf } from "../base/chunks.ts";
import { QueueError } from "../base/errors.ts";
import { errorOf, isFinal, type Place } from "../base/problem-errors.ts";
import { retryLater } from "../base/retry.ts";
import { addCalls } from "./add-calls.ts";
import type { Call, Outcome } from "./call.ts";
import { DetachedOperations } from "./detached-operations.ts";
import type { FrameWriter } from "./frame-writer.ts";
import { type CallListener, PendingCall } from "./pending-call.ts";
import { PutBatch } from "./put-batch.ts";
import { isReplyTo, receiptsIn } from "./replies.ts";
import { ServerWaits } from "./server-waits.ts";

/** How long a call that does not wait may take on a live connection. After that its answer counts as lost. */
export const ANSWER_SECONDS = 60;

const LAST_ID = 2_147_483_647;

/** A line that answers an operation. */
export type AnswerLine = Extract<ServerLine, { id: number }>;

/** Receives the events of `SocketCalls`, and answers its questions about the connection. */
export interface CallsEvents {
  /** Why the server cannot be reached; undefined while it can, and in the first moments of an outage. */
  readonly outage: Error | undefined;
  /** There is something to send as soon as there is a connection. */
  sendSoon(): void;
  /** The connection may not be needed any more. */
  updateNeed(): void;
  /** A reply does not fit its call: the other side is not a durable-queue server. */
  foreignReply(): void;
  /** Messages came for a call that has ended. */
  giveBack(receipts: string[]): void;
  /** Whether something else has an operation under this id. */
  isTaken(id: number): boolean;
}

/** The calls on a socket: which of them to send, and how each ends. */
export class SocketCalls {
  readonly #place: Place;
  readonly #retryMs: number;
  readonly #events: CallsEvents;
  readonly #listener: CallListener;
  readonly #calls = new Map<number, PendingCall>();
  readonly #waits = new ServerWaits();
  #unsent: PendingCall[] = [];
  /** Operations that several of the calls share. */
  readonly #putBatches = new Map<number, PutBatch>();
  /** Calls that ended without an answer, but that the server may still apply. */
  readonly #detached = new DetachedOperations();
  /** The ids of operations whose waits end. */
  #cancelledWaits: number[] = [];
  #isConnected = false;
  #lastId = 0;

  constructor(place: Place, retrySeconds: number, events: CallsEvents) {
    this.#place = place;
    this.#retryMs = retrySeconds * 1_000;
    this.#events = events;
    this.#listener = {
      timeIsOver: (pending) => this.#timeIsOver(pending),
      hasEnded: (pending) => this.#leave(pending, false),
      isAborted: (pending) => this.#leave(pending, true),
    };
  }

  /** Whether an answer is awaited. */
  get isAnyOpen(): boolean {
    return this.#calls.size > 0 || this.#detached.mayBringMessages;
  }

  send(call: Call): Promise<Outcome<unknown>> {
    return new Promise<Outcome<unknown>>((settle, fail) => {
      call.signal?.throwIfAborted();
      // A request without a JSON form is thrown here to its caller, and does not keep other calls from being sent.
      const pending = new PendingCall(this.nextId(), call, this.#place, this.#retryMs, { settle, fail });
      pending.watch(this.#listener);
      this.#calls.set(pending.id, pending);
      this.#enqueue(pending);
    });
  }

  /** There is a connection: all calls are sent over it. */
  connected(): void {
    this.#isConnected = true;
    this.#unsent = [...this.#calls.values()];
  }

  /**
   * The connection is gone, with the state that belonged to it.
   *
   * @param heardAt when the last frame came over it
   */
  lost(cause: Error, heardAt: number): void {
    this.#forgetConnection();
    for (const pending of this.#calls.values()) {
      if (!pending.wasSent) pending.waitForConnection();
      else if (!pending.lose(cause, heardAt)) this.#calls.delete(pending.id);
    }
  }

  /** The server could not be reached, or is not reached yet by the current try to connect. */
  failed(cause: Error, isInTry: boolean): void {
    for (const pending of this.#calls.values()) {
      const goesOn = isInTry ? pending.failInTry(cause) : pending.fail(cause);
      if (!goesOn) this.#calls.delete(pending.id);
    }
  }

  /** Ends calls that the connection leaves unanswered. Called at an interval while it lives. */
  tick(): void {
    const before = performance.now() - ANSWER_SECONDS * 1_000;
    for (const pending of [...this.#calls.values()]) {
      if (pending.wasSent && !pending.isWaiting && pending.sentAt < before) this.#loseAlone(pending);
    }
    for (const kind of this.#detached.takeOlderThan(before)) this.#freePlace(kind);
  }

  /** Removes and returns all calls, which continue or end elsewhere. */
  takeAll(): PendingCall[] {
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    this.#unsent = [];
    this.#forgetConnection();
    return calls;
  }

  /** Adds all lines to send. */
  addTo(writer: FrameWriter): void {
    for (const ids of chunksOf(this.#cancelledWaits.splice(0), SOCKET_WAITS_MAX)) {
      writer.add([JSON.stringify({ id: this.nextId(), verb: "cancel_wait", request: { ids } })]);
    }
    for (const pending of this.#waits.admit()) writer.add(pending.takeLines(true));
    const unsent = this.#unsent.filter((pending) => this.#calls.get(pending.id) === pending && !pending.wasSent);
    this.#unsent = [];
    addCalls(writer, unsent, {
      mayWait: (pending) => pending.mayWait && this.#waits.take(pending.call.verb),
      batch: (puts) => this.#batch(puts),
    });
  }

  /** An answer to an operation. */
  answered(line: AnswerLine): void {
    const pending = this.#calls.get(line.id);
    if (pending?.wasSent === true && !pending.isBatched) {
      this.#answerOne(pending, line);
      return;
    }
    const batch = this.#putBatches.get(line.id);
    if (batch !== undefined) this.#answerBatch(batch, line);
    const detached = this.#detached.take(line.id);
    if (detached?.waitKind !== undefined) this.#freePlace(detached.waitKind);
    // Messages for a caller that has left are given back before their leases end.
    const receipts = detached !== undefined && "reply" in line ? receiptsIn(line.reply) : [];
    if (receipts.length > 0) this.#events.giveBack(receipts);
  }

  /** The server has forgotten this waiting operation: it is sent again. */
  forgotten(id: number): void {
    const kind = this.#detached.take(id)?.waitKind;
    if (kind !== undefined) this.#freePlace(kind);
    const pending = this.#calls.get(id);
    if (pending?.wasSent !== true) return;
    if (pending.isWaiting) this.#freePlace(pending.call.verb);
    this.#sendAgain(pending);
  }

  /** An id that no operation has. */
  nextId(): number {
    do {
      this.#lastId = this.#lastId === LAST_ID ? 1 : this.#lastId + 1;
    } while (this.#has(this.#lastId) || this.#events.isTaken(this.#lastId));
    return this.#lastId;
  }

  #has(id: number): boolean {
    return this.#calls.has(id) || this.#putBatches.has(id) || this.#detached.has(id);
  }

  #forgetConnection(): void {
    this.#isConnected = false;
    this.#detached.clear();
    this.#putBatches.clear();
    this.#waits.clear();
    this.#cancelledWaits = [];
  }

  #answerOne(pending: PendingCall, line: AnswerLine): void {
    if ("reply" in line && !isReplyTo(pending.call, line.reply)) {
      this.#events.foreignReply();
      return;
    }
    const answer = "problem" in line ? errorOf(line.problem, this.#place) : line.reply;
    if (pending.isWaiting) this.#freePlace(pending.call.verb);
    if (answer instanceof QueueError && !isFinal(answer.status ?? 0, answer)) {
      this.#tryLater(pending, answer);
    } else if (pending.mustWaitAfter(answer)) {
      this.#park(pending, answer);
    } else {
      this.#calls.delete(pending.id);
      pending.conclude(answer);
    }
  }

  #answerBatch(batch: PutBatch, line: AnswerLine): void {
    this.#putBatches.delete(line.id);
    const error = "problem" in line ? errorOf(line.problem, this.#place) : undefined;
    const passing = error !== undefined && !isFinal(error.status ?? 0, error) ? error : undefined;
    batch.answer(line, this.#place, (put, outcome) => {
      if (this.#calls.get(put.id) !== put || !put.isBatched || !put.wasSent) return;
      put.mustGoAlone = passing === undefined;
      if (passing !== undefined) this.#tryLater(put, passing);
      else if (outcome === undefined) this.#sendAgain(put);
      else if (outcome instanceof QueueError && put.mustWaitAfter(outcome)) this.#park(put, outcome);
      else {
        this.#calls.delete(put.id);
        put.conclude(typeof outcome === "string" ? { ids: [outcome] } : outcome);
      }
    });
  }

  /** It was tried without success, and is parked here until it may wait at the server. */
  #park(pending: PendingCall, answer: unknown): void {
    pending.wasSent = false;
    pending.parkedAnswer = { answer };
    if (this.#waits.park(pending)) this.#events.sendSoon();
  }

  #freePlace(kind: string): void {
    if (this.#waits.free(kind)) this.#events.sendSoon();
  }

  #tryLater(pending: PendingCall, cause: QueueError): void {
    if (!pending.lose(cause)) this.#calls.delete(pending.id);
    else retryLater(pending.failures, () => pending.wasSent || this.#sendAgain(pending));
  }

  #sendAgain(pending: PendingCall): void {
    if (this.#calls.get(pending.id) !== pending) return;
    pending.wasSent = false;
    pending.isWaiting = false;
    this.#enqueue(pending);
  }

  #enqueue(pending: PendingCall): void {
    this.#unsent.push(pending);
    if (!this.#isConnected) pending.waitForConnection();
    this.#events.sendSoon();
  }

  #batch(puts: readonly PendingCall[]): string[] {
    const batch = new PutBatch(puts);
    const id = this.nextId();
    this.#putBatches.set(id, batch);
    return batch.takeLines(id);
  }

  /** Its answer does not come, while others do. The old id may still be answered. */
  #loseAlone(pending: PendingCall): void {
    this.#calls.delete(pending.id);
    if (!pending.isBatched) this.#detached.add(pending.id, { mayBringMessages: false, waitKind: undefined });
    const cause = new QueueError(`No answer came for ${ANSWER_SECONDS} seconds`, { code: "timeout" });
    if (!pending.lose(cause)) return;
    pending.id = this.nextId();
    this.#calls.set(pending.id, pending);
    this.#enqueue(pending);
  }

  #timeIsOver(pending: PendingCall): void {
    const { outage } = this.#events;
    if (pending.parkedAnswer !== undefined) {
      this.#calls.delete(pending.id);
      this.#waits.leave(pending);
      pending.conclude(pending.parkedAnswer.answer);
    } else if (pending.isWaiting) {
      this.#cancelledWaits.push(pending.id);
      this.#events.sendSoon();
    } else if (!pending.wasSent && outage !== undefined) {
      this.#calls.delete(pending.id);
      pending.giveUp(outage);
    }
    this.#events.updateNeed();
  }

  /** It has ended for its caller. */
  #leave(pending: PendingCall, mayBringMessages: boolean): void {
    const { verb } = pending.call;
    this.#calls.delete(pending.id);
    this.#waits.leave(pending);
    if (pending.wasSent && !pending.isBatched) {
      this.#detached.add(pending.id, { mayBringMessages, waitKind: pending.isWaiting ? verb : undefined });
      if (pending.isWaiting && mayBringMessages) this.#cancelledWaits.push(pending.id);
      if (this.#cancelledWaits.length > 0) this.#events.sendSoon();
    }
    this.#events.updateNeed();
  }
}
