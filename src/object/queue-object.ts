import { DurableObject } from "cloudflare:workers";
import type { Env } from "../env.ts";
import { MonotonicClock } from "../queue/clock.ts";
import type { Command, Result } from "../queue/commands.ts";
import type { Configuration } from "../queue/configuration.ts";
import type { Queue } from "../queue/queue.ts";
import { ProblemError } from "../requests/problem.ts";
import { BadFrame, type Operation, operationsOf } from "../socket/frames.ts";
import type { Session } from "../socket/session.ts";
import { Sessions } from "../socket/sessions.ts";
import { commandOf, putCommandsOf } from "../socket/verbs.ts";
import type { Caller } from "./caller.ts";
import { type Incoming, NextRound } from "./next-round.ts";
import { QueueLife } from "./queue-life.ts";
import { QueueStorage } from "./queue-storage.ts";
import { type Reply, replyOf, type Surroundings } from "./reply.ts";
import { send } from "./shipping.ts";

/** The object wakes itself at multiples of this, because each alarm that is set is a row. */
const ALARM_STEP_MS = 10_000;

/** A wait up to this is cheaper spent in memory, with a timer, than with an alarm. */
const TIMER_MS = 1_000;

/**
 * One named queue: it collects commands, lets the state machine apply them, stores what changed and answers.
 *
 * Group commit: commands that arrive together are one round, one transaction, one fsync. Answers are given after the
 * write, and the platform holds them back until that write is durable, so what is acknowledged is stored. Memory is
 * only a copy: when a round fails half-way it is thrown away with the object, and the next request loads what is true.
 */
export class QueueObject extends DurableObject<Env> {
  readonly #storage: QueueStorage;
  readonly #life: QueueLife;
  readonly #clock: MonotonicClock;
  readonly #queue: Queue;
  readonly #nextRound = new NextRound();
  readonly #callers = new Map<number, Caller>();
  readonly #sessions: Sessions;
  readonly #surroundings: Surroundings;
  readonly #name: string;
  #tickets = 0;
  #isRunning = false;
  #timer: number | null = null;
  /** When the alarm is set to; undefined while that has not been read. */
  #alarmAt: number | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#name = ctx.id.name ?? "";
    this.#storage = new QueueStorage(ctx.storage);
    this.#life = new QueueLife(ctx, env, this.#storage, (commands) => {
      this.#nextRound.add(commands, false);
      this.#wake();
    });
    const { queue, time } = this.#life.open(this.#storage);
    this.#queue = queue;
    this.#clock = new MonotonicClock(time);
    const storage = this.#storage;
    this.#surroundings = {
      name: this.#name,
      get storageBytes() {
        return storage.bytes;
      },
      get rowsWritten() {
        return storage.rowsWritten;
      },
    };
    this.#sessions = new Sessions(ctx);
    for (const { session, ticket, command, since } of this.#sessions.restore()) {
      this.#tickets = Math.max(this.#tickets, ticket, since);
      if (ticket !== session.subscriber) this.#callers.set(ticket, session);
      this.#nextRound.add([{ ticket, command }], false);
    }
    this.#tickets = Math.max(this.#tickets, this.#sessions.lastSubscriber);
  }

  /** Applies a command. The promise is kept when its outcome is known and durable, after a wait if it is to wait. */
  perform(command: Command): Promise<Reply> {
    return new Promise((resolve) => {
      const answer: Caller["answer"] = (_, ...result) => {
        this.#nextRound.answered(1);
        resolve(replyOf(...result));
      };
      this.#nextRound.add([{ ticket: this.#ticket({ answer }), command }], true);
      this.#wake();
    });
  }

  /** Opens a WebSocket. The request was looked at by the Worker. */
  override async fetch(): Promise<Response> {
    this.#tickets += 1;
    const client = this.#sessions.open(this.#tickets);
    return new Response(null, { status: 101, webSocket: client });
  }

  /** Called by the platform with each frame, also if the object has to be brought back to memory for it. */
  override webSocketMessage(socket: WebSocket, frame: string | ArrayBuffer): void {
    const session = this.#sessions.of(socket);
    if (session === undefined) return;
    try {
      const incoming: Incoming[] = [];
      for (const operation of operationsOf(frame)) this.#takeUp(operation, session, incoming);
      if (incoming.length > 0) this.#nextRound.add(incoming, session.comesBack());
      this.#wake();
    } catch (error) {
      if (!(error instanceof BadFrame)) throw error;
      socket.close(error.closeCode, error.message.slice(0, 120));
      this.#leave(socket);
    }
  }

  override webSocketClose(socket: WebSocket, code: number): void {
    this.#leave(socket);
    // 1005 and 1006 stand for an end without a code, and cannot be said.
    socket.close(code === 1005 || code === 1006 ? 1000 : code);
  }

  override webSocketError(socket: WebSocket): void {
    this.#leave(socket);
  }

  #takeUp(operation: Operation, session: Session, incoming: Incoming[]): void {
    const circumstances = { queue: this.#name, idempotencyKey: operation.key, now: Date.now() };
    try {
      if (operation.fault !== undefined) throw operation.fault;
      if (operation.keys !== undefined) {
        const commands = putCommandsOf(operation, circumstances.now);
        const puts = session.sharedPuts(this.#tickets + 1, operation.id, commands.length);
        for (const command of commands) incoming.push({ ticket: this.#ticket(puts), command });
        return;
      }
      const command = commandOf(operation, circumstances, session);
      session.begin(this.#tickets + 1, operation.id, command);
      const ticket = this.#ticket(session);
      incoming.push({ ticket, command });
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      session.refuse(operation.id, error);
    }
  }

  /** Whoever is gone waits for nothing any more. */
  #leave(socket: WebSocket): void {
    const session = this.#sessions.close(socket);
    if (session === undefined) return;
    const { tickets, subscriber } = session;
    this.#queue.leave(tickets, subscriber);
    for (const ticket of tickets) this.#callers.delete(ticket);
    this.#nextRound.add([], session.comesBack());
    // Others may have their turn now.
    this.#wake();
  }

  #callerOf(ticket: number): Caller | undefined {
    return this.#callers.get(ticket) ?? this.#sessions.subscribed(ticket);
  }

  #ticket(caller: Caller): number {
    this.#tickets += 1;
    this.#callers.set(this.#tickets, caller);
    return this.#tickets;
  }

  /** Called by the platform at the time that was set, also after a crash. */
  override async alarm(): Promise<void> {
    this.#alarmAt = Number.POSITIVE_INFINITY;
    await this.#life.untilWritable();
    // A command, so that a round follows which sees the time, and sets the next alarm, whatever is going on.
    await this.perform({ verb: "inspect" });
  }

  #wake(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.ctx.waitUntil(this.#run());
  }

  async #run(): Promise<void> {
    try {
      do {
        await this.#round(await this.#nextRound.gather());
        // One commit is on its way at a time: what arrives meanwhile shares the next one's rows.
        await this.ctx.storage.sync();
        this.#life.committed();
        if (this.#life.isServing) this.#sendShipments();
      } while (!this.#nextRound.isEmpty || (this.#life.isServing && this.#queue.isBehind));
      if (this.#life.isServing) this.#planTimer();
      this.#sessions.keep(this.#tickets);
      this.#isRunning = false;
    } catch (error) {
      this.#life.failed(error);
      console.error(`The queue ${this.ctx.id.name} starts over from its storage.`, error);
      this.ctx.abort(`A commit failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  async #round(incoming: Incoming[]): Promise<void> {
    const { configuration } = this.#queue;
    const now = this.#clock.now(Date.now());
    const { commands, mayWrite } = await this.#life.admit(incoming, (...answer) => this.#answer(...answer));
    try {
      await this.#apply(commands, mayWrite, now);
    } catch (error) {
      if (!this.#life.turnsDamaged(error)) throw error;
      // What the round had come to is not stored, so it is not said.
      this.#queue.takeAnswers();
      for (const ticket of [...this.#callers.keys()]) this.#answer(ticket, this.#life.refusal);
      this.#nextRound.answered(this.#sessions.flush());
      return;
    }
    if (mayWrite) await this.#store(configuration, now);
    this.#giveAnswers();
  }

  async #apply(commands: Incoming[], mayWrite: boolean, now: number): Promise<void> {
    const queue = this.#queue;
    if (mayWrite || commands.length > 0) queue.isStorageFull = this.#life.isStorageFull;
    if (mayWrite) queue.advance(now);
    for (const { ticket, command } of commands) {
      // A connection may be gone before what it wanted to wait for was taken up.
      if (isWait(command) && this.#callerOf(ticket) === undefined) continue;
      queue.apply(ticket, command, now);
      if (command.verb === "delete") await this.#erase();
    }
  }

  async #store(configuration: Configuration, now: number): Promise<void> {
    const queue = this.#queue;
    if (queue.exists && !this.#storage.isCreated) await this.#life.enter(queue.incarnation);
    this.#alarmAt ??= (await this.ctx.storage.getAlarm()) ?? Number.POSITIVE_INFINITY;
    // From here to the answers nothing is awaited, so that all writes are one transaction.
    if (queue.exists && (!this.#storage.isCreated || queue.configuration !== configuration)) {
      this.#storage.configure(queue.incarnation, queue.configuration);
    }
    const commit = queue.takeCommit();
    this.#planAlarm(now);
    if (commit === undefined) return;
    this.#life.committing(commit.totals.commit);
    this.#storage.write(commit);
  }

  #answer(ticket: number, result: Result): void {
    this.#callerOf(ticket)?.answer(ticket, result, this.#surroundings);
    this.#callers.delete(ticket);
  }

  #giveAnswers(): void {
    for (const { ticket, result } of this.#queue.takeAnswers()) this.#answer(ticket, result);
    this.#nextRound.answered(this.#sessions.flush());
  }

  async #erase(): Promise<void> {
    this.#alarmAt = Number.POSITIVE_INFINITY;
    await this.#life.erase();
  }

  /** To be called when the transfers are stored. */
  #sendShipments(): void {
    for (const shipment of this.#queue.takeShipments(this.#clock.now(Date.now()))) {
      const outcome = send(this.env.QUEUE.getByName(shipment.to), this.#name, shipment);
      this.ctx.waitUntil(outcome.then((command) => this.perform(command)));
    }
  }

  /** Set together with what it is about, so that a crash leaves neither without the other. */
  #planAlarm(now: number): void {
    const { nextWakeAt, nextEventAt, hasDeadline } = this.#queue;
    // The alarm goes by the machine's clock, which may lie behind the queue's.
    const machineTime = (time: number) => Date.now() + Math.max(0, time - now);
    const wakeAt = Math.ceil(machineTime(nextWakeAt) / ALARM_STEP_MS) * ALARM_STEP_MS;
    // Where only sockets wait, nothing else would keep the object in memory.
    const isForSockets = !hasDeadline && nextEventAt - now > TIMER_MS;
    const at = Math.min(wakeAt, isForSockets ? machineTime(nextEventAt) : Number.POSITIVE_INFINITY);
    if (at >= (this.#alarmAt ?? Number.POSITIVE_INFINITY)) return;
    this.#alarmAt = at;
    this.#storage.setAlarm(at);
  }

  /**
   * Wakes the object for those who wait. A pending long-poll keeps it in memory anyway, so a timer that dies with it
   * costs no row, which an alarm would.
   */
  #planTimer(): void {
    clearTimeout(this.#timer);
    const { nextEventAt, hasDeadline } = this.#queue;
    const delayMs = Math.max(0, nextEventAt - this.#clock.now(Date.now()));
    if (delayMs === Number.POSITIVE_INFINITY || (!hasDeadline && delayMs > TIMER_MS)) return;
    this.#timer = setTimeout(() => this.#wake(), Math.min(delayMs, 2 ** 31 - 1));
  }
}

/** Whether this does something for whoever is there to take it, and nothing else. */
function isWait(command: Command): boolean {
  const isTaking = command.verb === "receive" || command.verb === "subscribe";
  return isTaking || ("timeoutMs" in command && command.timeoutMs > 0);
}
