import { STORAGE_BYTES_MAX } from "../contract/limits.ts";
import { directoryOf, type Env } from "../env.ts";
import { isolate } from "../isolate.ts";
import { MonotonicClock } from "../queue/clock.ts";
import type { Command } from "../queue/commands.ts";
import { Queue } from "../queue/queue.ts";
import { overloaded } from "../queue/refusals.ts";
import { newIncarnation } from "../requests/incarnation.ts";
import type { Session } from "../socket/session.ts";
import type { Sessions } from "../socket/sessions.ts";
import type { Caller } from "./caller.ts";
import { type Hold, type Incoming, incomingWait, NextRound } from "./next-round.ts";
import { Pendings } from "./pendings.ts";
import { QueueStorage } from "./queue-storage.ts";
import { type Surroundings, surroundingsOf } from "./reply.ts";
import { send } from "./shipping.ts";
import { Wakings } from "./wakings.ts";

/** How long a command may be held back, because connections do not read, before it is refused as `overloaded`. */
const HELD_MS_MAX = 10_000;

/** Why a connection is closed that takes nothing of what is sent to it (RFC 6455: it breaks a policy). */
const POLICY = 1008;

/**
 * Applies what arrives to the state machine, stores what changed and answers, one commit after the other.
 *
 * Group commit: commands that arrive together are one round, one transaction, one fsync. Answers are given after the
 * write, and the platform holds them back until that write is durable, so what is acknowledged is stored. Memory is
 * only a copy. When a round fails, its rows are rolled back and the queue is loaded again from what is stored; then its
 * commands are applied again, each in a round of its own, so that only the one that fails is refused. Where the failure
 * is the platform's, the object is reset, and the next one does so.
 */
export class CommitLoop {
  readonly #ctx: DurableObjectState;
  readonly #env: Env;
  readonly #name: string;
  readonly #sessions: Sessions;
  readonly #clock: MonotonicClock;
  readonly #nextRound = new NextRound();
  readonly #pendings = new Pendings();
  readonly #wakings: Wakings;
  readonly #surroundings: Surroundings;
  #storage: QueueStorage;
  #queue: Queue;
  #isRunning = false;
  /** Whether something has happened that a round must see, with or without a command. */
  #isDue = false;
  /** How many of the commands to come are committed each by itself. */
  #aloneLeft: number;
  /** Commands of the round that is under way. */
  #underWay: Incoming[] = [];

  constructor(ctx: DurableObjectState, env: Env, sessions: Sessions) {
    this.#ctx = ctx;
    this.#env = env;
    this.#name = ctx.id.name ?? "";
    this.#sessions = sessions;
    this.#storage = new QueueStorage(ctx.storage);
    const existing = this.#storage.load();
    this.#queue = new Queue(existing ?? newIncarnation(), this.#storage);
    this.#clock = new MonotonicClock(existing?.stored?.totals.time ?? 0);
    this.#wakings = new Wakings(ctx.storage, this.#clock, () => this.wake());
    this.#aloneLeft = isolate.failures.take(this.#name, Date.now());
    this.#surroundings = surroundingsOf(this.#name, () => this.#storage);
    for (const { session, ticket, command } of sessions.restore()) {
      this.#pendings.skipTickets(ticket);
      if (ticket !== session.subscriber) this.#pendings.restore(ticket, session, command);
      this.#nextRound.add([incomingWait(ticket, command, session)], false);
    }
    this.#pendings.skipTickets(sessions.lastSubscriber);
  }

  /** The last ticket that was given out. */
  get lastTicket(): number {
    return this.#pendings.lastTicket;
  }

  /** A number that no other ticket has. */
  newTicket(): number {
    return this.#pendings.newTicket();
  }

  /** Whether the memory for what has arrived has room for so much more text. */
  hasRoomFor(characters: number): boolean {
    return this.#nextRound.hasRoomFor(characters);
  }

  /** Notes that a command is to be answered, and makes of it what `submit` takes. */
  take(caller: Caller, command: Command, characters: number, connection?: Session): Incoming {
    const ticket = this.#pendings.add(caller, command);
    const isAlone = this.#aloneLeft > 0;
    if (isAlone) this.#aloneLeft -= 1;
    return { ticket, command, characters, connection, arrivedAt: Date.now(), isAlone };
  }

  /** @param isBack whether this may be from one of those who were answered last */
  submit(incoming: readonly Incoming[], isBack: boolean): void {
    this.#nextRound.add(incoming, isBack);
    if (incoming.length > 0) this.wake();
  }

  /** To be told that so many callers were answered who may have something new. */
  answered(callers: number): void {
    this.#nextRound.answered(callers);
  }

  /** A connection is gone: it waits for nothing any more. */
  leave(session: Session): void {
    const { tickets, subscriber } = session;
    this.forget(tickets, subscriber);
    this.#nextRound.add([], session.comesBack());
  }

  /** Commands with these tickets need no answer any more, and do not wait. */
  forget(tickets: ReadonlySet<number>, subscriber?: number): void {
    this.#queue.leave(tickets, subscriber);
    for (const ticket of tickets) this.#pendings.delete(ticket);
    // Others may have their turn now.
    this.wake();
  }

  wake(): void {
    this.#isDue = true;
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#ctx.waitUntil(this.#run());
  }

  async #run(): Promise<void> {
    try {
      do {
        this.#isDue = false;
        const { commands, overdue } = await this.#nextRound.gather(() => this.#look());
        for (const { ticket } of overdue) this.#refuse(ticket, overloaded("Connections of the queue do not read"));
        await this.#commit(commands);
        // One commit is on its way at a time: what arrives meanwhile shares the next one's rows.
        await this.#ctx.storage.sync();
        this.#sendShipments();
        // Rounds without commands must let in what arrives.
        if (commands.length === 0) await scheduler.wait(0);
      } while (this.#isDue || !this.#nextRound.isEmpty || this.#queue.isBehind);
      this.#wakings.planTimer(this.#queue, this.#sessions.readers.areAny || this.#nextRound.isHolding);
      this.#sessions.keep(this.#pendings.lastTicket);
      this.#isRunning = false;
    } catch (error) {
      this.#reset(error);
    }
  }

  /** Throws away the object with its memory. The next request makes another, which loads what is stored. */
  #reset(error: unknown): void {
    console.error(`The queue ${this.#name} starts over from its storage.`, error);
    isolate.failures.note(this.#name, this.#underWay.length, Date.now());
    this.#ctx.abort(`A commit failed: ${error instanceof Error ? error.message : error}`);
  }

  async #commit(commands: Incoming[]): Promise<void> {
    this.#underWay = commands;
    try {
      await this.#round(commands);
    } catch (error) {
      const applied = this.#underWay;
      if (applied.length === 0) throw error;
      console.error(`The queue ${this.#name} could not commit ${applied.length} commands.`, error);
      this.#reload(applied);
      if (applied.length > 1) return;
      const [code, reason] = error instanceof OutOfReach ? OUT_OF_REACH : FAILED;
      const detail = `${reason} The server's log says why.`;
      this.#refuse(applied[0]?.ticket ?? 0, { verb: "refused", code, detail });
    }
  }

  async #round(commands: Incoming[]): Promise<void> {
    const queue = this.#queue;
    const now = this.#clock.now(Date.now());
    const { configuration } = queue;
    queue.isStorageFull = this.#storage.hasReached(Number(this.#env.STORAGE_BYTES_MAX || STORAGE_BYTES_MAX));
    queue.mayHandOut = !this.#sessions.readers.areTooFarBehind;
    queue.advance(now);
    let applied = 0;
    for (const { ticket, command } of commands) {
      if (queue.isAnswerFull) break;
      applied += 1;
      if (!this.#pendings.begin(ticket, command, now) && !this.#isSubscription(command)) continue;
      queue.apply(ticket, command, now);
      if (command.verb === "delete") await this.#erase();
    }
    this.#nextRound.putBack(commands.slice(applied));
    this.#underWay = commands.slice(0, applied);
    if (queue.exists && !this.#storage.isCreated) await this.#tellDirectory((directory) => directory.add(this.#name));
    await this.#wakings.loadAlarm();
    // From here to the answers nothing is awaited, so that all writes are one transaction.
    const isConfigured = queue.exists && (!this.#storage.isCreated || queue.configuration !== configuration);
    const commit = queue.takeCommit();
    if (isConfigured || commit !== undefined) {
      this.#ctx.storage.transactionSync(() => {
        if (isConfigured) this.#storage.configure(queue.incarnation, queue.configuration);
        if (commit !== undefined) this.#storage.write(commit);
      });
    }
    if (this.#wakings.planAlarm(queue, now)) this.#storage.countAlarm();
    this.#giveAnswers();
  }

  /** A command that restores a subscription has its connection's number and is not answered. */
  #isSubscription(command: Command): boolean {
    return command.verb === "subscribe" && this.#sessions.subscribed(command.subscriber) !== undefined;
  }

  #giveAnswers(): void {
    for (const { ticket, result } of this.#queue.takeAnswers()) {
      const caller = this.#pendings.take(ticket) ?? this.#sessions.subscribed(ticket);
      caller?.answer(ticket, result, this.#surroundings);
    }
    this.#nextRound.answered(this.#sessions.flush());
  }

  #refuse(ticket: number, refusal: Parameters<Caller["answer"]>[1]): void {
    this.#pendings.take(ticket)?.answer(ticket, refusal, this.#surroundings);
    this.#nextRound.answered(this.#sessions.flush());
  }

  /**
   * Loads the queue from what is stored, and has everything applied again that waits.
   *
   * @param failed the commands of the round that failed: each is applied again in a round of its own, unless it was one
   */
  #reload(failed: readonly Incoming[]): void {
    this.#storage = new QueueStorage(this.#ctx.storage);
    const existing = this.#storage.load();
    this.#queue = new Queue(existing ?? newIncarnation(), this.#storage);
    const tickets = new Set(failed.map(({ ticket }) => ticket));
    for (const ticket of tickets) this.#pendings.undo(ticket);
    const { waits, lost } = this.#pendings.waiting(this.#clock.now(Date.now()));
    const detail = "The queue started over meanwhile. It is not known what has arrived in the other queue.";
    for (const ticket of lost) this.#refuse(ticket, { verb: "refused", code: "unavailable", detail });
    if (failed.length > 1) this.#nextRound.putBack(failed.map((incoming) => ({ ...incoming, isAlone: true })));
    const subscriptions = this.#sessions.subscriptions();
    this.#nextRound.putBack([...subscriptions, ...waits].map(({ ticket, command }) => incomingWait(ticket, command)));
    this.#isDue = true;
  }

  /** Has the queue know again what a connection waits for that has caught up with reading. */
  #resume(session: Session): void {
    for (const { ticket, command } of session.waits()) {
      const wasApplied = ticket === session.subscriber || this.#pendings.wasApplied(ticket);
      if (wasApplied) this.#nextRound.add([incomingWait(ticket, command, session)], false);
    }
  }

  /**
   * Looks at how far connections are with reading: who is behind waits for nothing until he has caught up, and who
   * takes nothing is closed. Answers which commands must wait.
   */
  #look(): Hold {
    const { readers } = this.#sessions;
    if (!readers.areAny) return () => undefined;
    const { behind, caughtUp, stalled } = readers.look(Date.now());
    for (const session of stalled) {
      session.socket.close(POLICY, "The connection does not read what is sent to it.");
      this.#sessions.close(session.socket);
      this.leave(session);
    }
    for (const session of behind) {
      const receives = session.waits().map(({ ticket }) => ticket);
      this.#queue.leave(new Set(receives), session.subscriber);
    }
    for (const session of caughtUp) this.#resume(session);
    if (readers.isAbandonedTooMuch) throw new Error("Clients that do not read hold too much of what was sent to them.");
    return ({ connection, command }) => {
      // A connection that is behind goes on or is closed: what it asks waits for as long as that takes.
      if ((connection as Session | undefined)?.isBehind) return Number.POSITIVE_INFINITY;
      return readers.areTooFarBehind && mayBeLarge(command) ? HELD_MS_MAX : undefined;
    };
  }

  /** Also where nothing is stored: an earlier deletion may have failed between the two. */
  async #erase(): Promise<void> {
    if (this.#storage.isCreated) await this.#storage.erase();
    this.#wakings.forgetAlarm();
    await this.#tellDirectory((directory) => directory.remove(this.#name));
  }

  async #tellDirectory(tell: (directory: ReturnType<typeof directoryOf>) => Promise<void>): Promise<void> {
    try {
      await tell(directoryOf(this.#env));
    } catch (error) {
      throw new OutOfReach("The directory of all queues could not be reached.", { cause: error });
    }
  }

  /** To be called when the transfers are stored. */
  #sendShipments(): void {
    for (const shipment of this.#queue.takeShipments(this.#clock.now(Date.now()))) {
      const outcome = send(this.#env.QUEUE.getByName(shipment.to), this.#name, shipment);
      const told = outcome.then((command) => this.submit([this.take(NOBODY, command, 0)], false));
      this.#ctx.waitUntil(told);
    }
  }

  /** Called at the time for which the alarm was set: a round follows that sees the time and sets the next. */
  alarm(): Promise<void> {
    this.#wakings.forgetAlarm();
    return new Promise((resolve) => {
      this.submit([this.take({ answer: () => resolve() }, { verb: "inspect" }, 0)], false);
    });
  }
}

/** Another object could not be reached without which a command cannot be applied. */
class OutOfReach extends Error {}

const FAILED = ["internal", "The server failed on this call, which was not applied."] as const;
const OUT_OF_REACH = ["unavailable", "The directory of all queues could not be reached."] as const;

/** To be told nothing. */
const NOBODY: Caller = { answer: () => undefined };

/** Whether the answer to a command may be as large as a batch. */
function mayBeLarge({ verb }: Command): boolean {
  return verb === "receive" || verb === "subscribe" || verb === "list" || verb === "look";
}
