import type { Env } from "../env.ts";
import { idleCollection, recentFailures } from "../isolate.ts";
import type { MachineClock } from "../machine-clock.ts";
import { MonotonicClock } from "../queue/base/clock.ts";
import type { Command, Result } from "../queue/base/commands.ts";
import type { Configuration } from "../queue/base/configuration.ts";
import type { Queue } from "../queue/queue.ts";
import { overloaded } from "../queue/refusals.ts";
import type { Session } from "../socket/session.ts";
import type { Sessions } from "../socket/sessions.ts";
import type { Responder } from "./caller.ts";
import { CommitBatcher, type Incoming, incomingWait } from "./commit-batcher.ts";
import { Intake } from "./intake.ts";
import { isOutOfReach, reaching } from "./out-of-reach.ts";
import { Pendings } from "./pendings.ts";
import { QueueLife } from "./queue-life.ts";
import { QueueStorage } from "./queue-storage.ts";
import { ReadingHolds } from "./reading-holds.ts";
import { type QueueInfo, queueInfoOf } from "./reply.ts";
import { send } from "./send-transfer.ts";
import { isFullError } from "./storage-bound.ts";
import { Wakings } from "./wakings.ts";

/**
 * Applies what arrives to the state machine, stores what changed and answers, one commit after the other.
 *
 * Group commit: commands that arrive together are one commit batch, one transaction, one fsync. Answers are given after the
 * write, and the platform holds them back until that write is durable, so what is acknowledged is stored. Memory is
 * only a copy. When a commit batch fails, its rows are rolled back and the queue is loaded again from what is stored; then its
 * commands are applied again, each in a commit batch of its own, so that only the one that fails is refused. Where the failure
 * is the platform's, the object is reset, and the next one does so.
 */
export class CommitLoop {
  readonly #ctx: DurableObjectState;
  readonly #env: Env;
  readonly #name: string;
  readonly #sessions: Sessions;
  readonly #machineClock: MachineClock;
  readonly #clock: MonotonicClock;
  readonly #batcher: CommitBatcher;
  readonly #pendings = new Pendings();
  /** How commands come in. */
  readonly intake: Intake;
  readonly #wakings: Wakings;
  readonly #holds: ReadingHolds;
  readonly #queueInfo: QueueInfo;
  readonly #storage: QueueStorage;
  readonly #life: QueueLife;
  #queue: Queue;
  #isRunning = false;
  /** Whether something has happened that a commit batch must see, with or without a command. */
  #isDue = false;
  /** Commands of the commit batch that is under way. */
  #underWay: Incoming[] = [];
  /** Whether that commit batch is written. */
  #isStored = false;

  constructor(ctx: DurableObjectState, env: Env, machineClock: MachineClock, sessions: Sessions) {
    this.#ctx = ctx;
    this.#env = env;
    this.#name = ctx.id.name ?? "";
    this.#machineClock = machineClock;
    this.#batcher = new CommitBatcher(machineClock);
    this.#sessions = sessions;
    this.#storage = new QueueStorage(ctx.storage);
    const resume = (commands: Incoming[]) => this.submit(this.intake.again(commands), false);
    this.#life = new QueueLife(ctx, env, machineClock, this.#storage, resume);
    const { queue, time } = this.#life.open(this.#storage);
    this.#queue = queue;
    this.#clock = new MonotonicClock(time);
    this.#wakings = new Wakings(ctx.storage, machineClock, this.#clock, () => this.wake());
    this.#holds = new ReadingHolds(sessions, machineClock, {
      closed: (session) => this.leave(session),
      behind: (session) => this.#suspend(session),
      caughtUp: (session) => this.#resume(session),
    });
    const aloneLeft = recentFailures.take(this.#name, machineClock.now());
    this.intake = new Intake(this.#pendings, this.#batcher, machineClock, aloneLeft);
    this.#queueInfo = queueInfoOf(this.#name, this.#storage);
    for (const { session, requestId, command } of sessions.restore()) {
      this.#pendings.skipRequestIds(requestId);
      if (requestId !== session.subscriber) this.#pendings.restore(requestId, session, command);
      this.#batcher.add([this.#incomingWait(requestId, command, session)], false);
    }
    this.#pendings.skipRequestIds(sessions.lastSubscriber);
  }

  /** Forgets commands that were taken in, and are not to be submitted. */
  drop(incoming: readonly Incoming[]): void {
    this.#batcher.giveBack(incoming);
    this.forget(new Set(incoming.map(({ requestId }) => requestId)));
  }

  /** @param isBack whether this may be from one of those who were answered last */
  submit(incoming: readonly Incoming[], isBack: boolean): void {
    this.#batcher.add(incoming, isBack);
    if (incoming.length > 0) this.wake();
  }

  /** A connection has said something, whatever it was. */
  heard(session: Session): void {
    this.#sessions.noteWord(session);
    // It may be that nothing is pushed to it until the queue knows.
    if (session.hearBy !== undefined) this.wake();
  }

  /** A connection is gone: it waits for nothing any more. */
  leave(session: Session): void {
    const { requestIds, subscriber } = session;
    // What it has asked without reading the answers would be held for ever.
    const unapplied = session.isBehind ? this.#batcher.forget(session).map(({ requestId }) => requestId) : [];
    this.forget(new Set([...requestIds, ...unapplied]), subscriber);
    this.#batcher.add([], session.comesBack());
  }

  /** Commands with these request ids need no answer any more, and do not wait. */
  forget(requestIds: ReadonlySet<number>, subscriber?: number): void {
    this.#queue.leave(requestIds, subscriber);
    for (const requestId of requestIds) this.#pendings.delete(requestId);
    // Others may have their turn now.
    this.wake();
  }

  wake(): void {
    this.#isDue = true;
    if (this.#isRunning) return;
    this.#isRunning = true;
    idleCollection.noteWork();
    this.#ctx.waitUntil(this.#run());
  }

  async #run(): Promise<void> {
    try {
      do {
        this.#isDue = false;
        const { commands, overdue } = await this.#batcher.collect(() => this.#holds.look());
        for (const { requestId } of overdue) this.#refuse(requestId, overloaded("Clients have too much unread"));
        await this.#commit(commands);
        // One commit is on its way at a time: what arrives meanwhile shares the next one's rows.
        await this.#ctx.storage.sync();
        this.#life.committed();
        if (this.#life.isServing) this.#sendTransfers();
        // Commit batches without commands must let in what arrives.
        if (commands.length === 0) await this.#machineClock.wait(0);
      } while (this.#isDue || !this.#batcher.isEmpty || (this.#life.isServing && this.#queue.isBehind));
      const isForReaders = this.#holds.areAny || this.#batcher.isHolding;
      this.#wakings.planTimer(this.#life.isServing ? this.#queue : undefined, isForReaders);
      this.#sessions.keep(this.#pendings.lastRequestId);
      this.#isRunning = false;
    } catch (error) {
      this.#reset(error);
    }
  }

  /** Throws away the object with its memory. The next request makes another, which loads what is stored. */
  #reset(error: unknown): void {
    this.#life.failed(error);
    console.error(`The queue ${this.#name} starts over from its storage.`, error);
    recentFailures.note(this.#name, this.#underWay.length, this.#machineClock.now());
    this.#ctx.abort(`A commit failed: ${error instanceof Error ? error.message : error}`);
  }

  async #commit(commands: Incoming[]): Promise<void> {
    this.#underWay = commands;
    this.#isStored = false;
    try {
      await this.#applyBatch(commands);
    } catch (error) {
      // What is stored cannot be undone here, and must not be applied again.
      if (this.#isStored) throw error;
      if (this.#life.turnsDamaged(error)) this.#refuseAll();
      else this.#recover(error);
    }
  }

  async #applyBatch(incoming: Incoming[]): Promise<void> {
    const now = this.#now();
    const { configuration } = this.#queue;
    const { commands, mayWrite } = await reaching(this.#life.admit(incoming, (...answer) => this.#answer(...answer)));
    this.#underWay = commands;
    if (incoming.some(({ command }) => command.verb === "delete")) this.#wakings.forgetAlarm();
    const applied = await this.#apply(commands, mayWrite, now);
    this.#batcher.putBack(commands.slice(applied));
    this.#underWay = commands.slice(0, applied);
    if (mayWrite) await this.#store(configuration, now);
    this.#isStored = true;
    this.#sendResults();
  }

  /** Answers how many of the commands were applied: the others must wait until the answers of these are given. */
  async #apply(commands: Incoming[], mayWrite: boolean, now: number): Promise<number> {
    const queue = this.#queue;
    queue.mayHandOut = this.#holds.mayHandOut;
    for (const subscriber of this.#sessions.takeHeard()) queue.heard(subscriber);
    if (mayWrite || commands.length > 0) queue.isStorageFull = this.#life.isStorageFull;
    if (mayWrite) queue.advance(now);
    for (const [index, { requestId, command }] of commands.entries()) {
      if (queue.areResultsFull) return index;
      if (!this.#pendings.begin(requestId, command, now) && !this.#isSubscription(command)) continue;
      queue.apply(requestId, this.#sessions.upToDate(requestId, command), now);
      if (command.verb === "delete") await reaching(this.#life.erase());
    }
    return commands.length;
  }

  async #store(configuration: Configuration, now: number): Promise<void> {
    const queue = this.#queue;
    const isNew = queue.exists && !this.#storage.isCreated;
    if (isNew) await reaching(this.#life.enter(queue.generation));
    await this.#wakings.loadAlarm();
    // From here to the answers nothing is awaited, so that all writes are one transaction.
    const isConfigured = queue.exists && (isNew || queue.configuration !== configuration);
    const commit = queue.takeCommit();
    if (commit !== undefined) this.#life.committing(commit.totals.commit);
    if (isConfigured || commit !== undefined) {
      this.#ctx.storage.transactionSync(() => {
        if (isConfigured) this.#storage.configure(queue.generation, queue.configuration);
        if (commit !== undefined) this.#storage.write(commit);
      });
    }
    if (this.#wakings.planAlarm(queue, now)) this.#storage.countAlarm();
  }

  /** A command that restores a subscription has its connection's number and is not answered. */
  #isSubscription(command: Command): boolean {
    return command.verb === "subscribe" && this.#sessions.subscribed(command.subscriber) !== undefined;
  }

  #answer(requestId: number, result: Result): void {
    const caller = this.#pendings.take(requestId) ?? this.#sessions.subscribed(requestId);
    caller?.answer(requestId, result, this.#queueInfo);
  }

  #sendResults(): void {
    for (const { requestId, result } of this.#queue.takeResults()) this.#answer(requestId, result);
    this.#sessions.tellLost(this.#queue.takeLost());
    this.#batcher.answered(this.#sessions.flush());
  }

  #refuse(requestId: number, refusal: Result): void {
    this.#answer(requestId, refusal);
    this.#batcher.answered(this.#sessions.flush());
  }

  /** The stored data turned out to be damaged: what waits is told so, and what the commit batch had come to is not said. */
  #refuseAll(): void {
    this.#queue.takeResults();
    this.#queue.takeLost();
    const underWay = this.#underWay.map(({ requestId }) => requestId);
    for (const requestId of [...underWay, ...this.#pendings.appliedRequestIds, ...this.#sessions.subscribers]) {
      this.#answer(requestId, this.#life.refusal);
    }
    this.#batcher.answered(this.#sessions.flush());
  }

  /** Undoes a commit batch that failed before it was stored. Where that is the platform's failure, only a reset does. */
  #recover(error: unknown): void {
    const failed = this.#underWay;
    if (failed.length === 0 || isFullError(error)) throw error;
    console.error(`The queue ${this.#name} could not commit ${failed.length} commands.`, error);
    this.#life.failed(error);
    this.#reload(failed);
    if (failed.length > 1) return;
    const [code, reason] = isOutOfReach(error) ? OUT_OF_REACH : FAILED;
    this.#refuse(failed[0]?.requestId ?? 0, { verb: "refused", code, detail: `${reason} The server's log says why.` });
  }

  /**
   * Loads the queue from what is stored, and has everything applied again that waits.
   *
   * @param failed the commands of the commit batch that failed: each is applied again in a commit batch of its own, unless it was one
   */
  #reload(failed: readonly Incoming[]): void {
    this.#storage.forget();
    this.#queue = this.#life.open(this.#storage).queue;
    for (const { requestId } of failed) this.#pendings.undo(requestId);
    const { waits, lost } = this.#pendings.waiting(this.#now());
    const detail = "The queue started over meanwhile. It is not known what has arrived in the other queue.";
    for (const requestId of lost) this.#refuse(requestId, { verb: "refused", code: "unavailable", detail });
    if (failed.length > 1) this.#batcher.putBack(failed.map((incoming) => ({ ...incoming, isAlone: true })));
    const requestIds = new Set(failed.map(({ requestId }) => requestId));
    const subscriptions = this.#sessions
      .subscriptions()
      .map(({ session, ...wait }) => ({ ...wait, connection: session }));
    this.#putBackWaits([...subscriptions, ...waits].filter(({ requestId }) => !requestIds.has(requestId)));
    this.#isDue = true;
  }

  /** What a connection waits for that is behind with reading, the queue does not know until it has caught up. */
  #suspend(session: Session): void {
    const requestIds = new Set(this.#appliedWaits(session).map(({ requestId }) => requestId));
    // Also where it had just caught up, and they are not applied again.
    this.#batcher.takeOut(requestIds);
    this.#queue.leave(requestIds, session.subscriber);
  }

  #resume(session: Session): void {
    this.#putBackWaits(this.#appliedWaits(session).map((wait) => ({ ...wait, connection: session })));
  }

  #appliedWaits(session: Session): { requestId: number; command: Command }[] {
    const isSubscription = (requestId: number) => requestId === session.subscriber;
    return session.waits().filter(({ requestId }) => isSubscription(requestId) || this.#pendings.wasApplied(requestId));
  }

  /** Before everything that was asked later; each once, though it may stand there already. */
  #putBackWaits(waits: { requestId: number; command: Command; connection?: object | undefined }[]): void {
    this.#batcher.takeOut(new Set(waits.map(({ requestId }) => requestId)));
    this.#batcher.putBack(
      waits.map(({ requestId, command, connection }) => this.#incomingWait(requestId, command, connection)),
    );
  }

  #incomingWait(requestId: number, command: Command, connection?: object): Incoming {
    return incomingWait({ requestId, command, connection, arrivedAt: this.#machineClock.now() });
  }

  /** The server's time, in milliseconds since 1970. */
  #now(): number {
    return this.#clock.now(this.#machineClock.now());
  }

  /** To be called when the transfers are stored. */
  #sendTransfers(): void {
    for (const transfer of this.#queue.takeOutboundTransfers(this.#now())) {
      const outcome = send(this.#env.QUEUE.getByName(transfer.to), this.#name, transfer);
      const told = outcome.then((command) => this.submit([this.intake.take(NOBODY, command, 0)], false));
      this.#ctx.waitUntil(told);
    }
  }

  /** Called at the time for which the alarm was set: a commit batch follows that sees the time and sets the next. */
  async alarm(): Promise<void> {
    this.#wakings.forgetAlarm();
    await this.#life.untilWritable();
    await new Promise<void>((resolve) => {
      this.submit([this.intake.take({ answer: () => resolve() }, { verb: "describe" }, 0)], false);
    });
  }
}

const FAILED = ["internal", "The server failed on this call, which was not applied."] as const;
const OUT_OF_REACH = ["unavailable", "The directory of all queues could not be reached, or failed."] as const;

/** To be told nothing. */
const NOBODY: Responder = { answer: () => undefined };
