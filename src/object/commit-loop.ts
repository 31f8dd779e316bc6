import { queueOf, type ServerEnv } from "../env.ts";
import type { MachineClock } from "../machine-clock.ts";
import type { Pump } from "../push/pump.ts";
import type { Submit } from "../push/settlements.ts";
import { MonotonicClock } from "../queue/base/clock.ts";
import type { Command } from "../queue/base/commands.ts";
import type { Configuration } from "../queue/base/configuration.ts";
import { overloaded } from "../queue/base/refusals.ts";
import type { Queue } from "../queue/queue.ts";
import type { Session } from "../socket/session.ts";
import type { Sessions } from "../socket/sessions.ts";
import type { Arrivals } from "./arrivals.ts";
import type { CommitBatcher, Incoming } from "./commit-batcher.ts";
import { reaching, refusalOfFailed } from "./out-of-reach.ts";
import { queueInfoOf } from "./queue-info-of.ts";
import { QueueLife } from "./queue-life.ts";
import { type QueueLog, queueLog } from "./queue-log.ts";
import { QueueStorage } from "./queue-storage.ts";
import { ReadingHolds } from "./reading-holds.ts";
import { Replies } from "./replies.ts";
import { RestoredWaits } from "./restored-waits.ts";
import { send } from "./send-transfer.ts";
import { isFullError } from "./storage-bound.ts";
import { Wakings } from "./wakings.ts";

/**
 * Applies commands to the state machine, stores the changed rows and sends the results, one commit after the other.
 *
 * Group commit: commands that arrive together are one commit batch, one transaction, one fsync. Results are sent after
 * the write, and the platform holds them back until that write is durable, so what is acknowledged is stored. Memory is
 * only a copy. When a commit batch fails, its rows are rolled back, the queue is loaded again from its storage, and the
 * commands are applied again, each in a batch of its own: only the one that fails is refused. Else the object is reset.
 */
export class CommitLoop {
  readonly #ctx: DurableObjectState;
  readonly #env: ServerEnv;
  readonly #name: string;
  readonly #log: QueueLog;
  readonly #sessions: Sessions;
  readonly #machineClock: MachineClock;
  readonly #clock: MonotonicClock;
  readonly #batcher: CommitBatcher;
  readonly #arrivals: Arrivals;
  readonly #waits: RestoredWaits;
  readonly #wakings: Wakings;
  readonly #holds: ReadingHolds;
  readonly #pump: Pump;
  /** Sends what commands are answered with. */
  readonly replies: Replies;
  readonly #storage: QueueStorage;
  readonly #life: QueueLife;
  #queue: Queue;
  #isRunning = false;
  /** Whether another commit batch is needed, even without a command. */
  #isDue = false;
  /** The commands of the commit batch that is under way. */
  #underWay: Incoming[] = [];
  /** Whether that commit batch was written. */
  #isStored = false;

  constructor(ctx: DurableObjectState, env: ServerEnv, machineClock: MachineClock, arrivals: Arrivals, pump: Pump) {
    const { sessions } = arrivals;
    this.#ctx = ctx;
    this.#env = env;
    this.#pump = pump;
    this.#name = ctx.id.name ?? "";
    this.#log = queueLog(env.server.log, this.#name);
    this.#machineClock = machineClock;
    this.#sessions = sessions;
    this.#batcher = arrivals.batcher;
    this.#arrivals = arrivals;
    this.#storage = new QueueStorage(ctx.storage);
    this.#life = new QueueLife(ctx, env, machineClock, this.#storage, (commands) => {
      this.#batcher.addAgain(commands);
      this.wake();
    });
    const { queue, time } = this.#life.open(this.#storage);
    this.#queue = queue;
    this.#clock = new MonotonicClock(time);
    this.#wakings = new Wakings(ctx.storage, machineClock, this.#clock, () => this.wake());
    this.#waits = new RestoredWaits(machineClock, arrivals);
    this.#holds = new ReadingHolds(sessions, machineClock, env.server.isolate.replyBytes, {
      closed: (session) => this.leave(session),
      behind: (session) => this.#waits.suspend(session, this.#queue),
      caughtUp: (session) => this.#waits.resume(session),
    });
    this.replies = new Replies(machineClock, arrivals, queueInfoOf(this.#name, this.#storage, sessions, pump), pump);
    this.#waits.restore();
  }

  /** Submits commands that the batcher has taken. */
  submit(incoming: readonly Incoming[]): void {
    this.#batcher.add(incoming);
    if (incoming.length > 0) this.wake();
  }

  /** Drops commands that the batcher has taken and that are not to be submitted. */
  drop(incoming: readonly Incoming[]): void {
    this.#batcher.giveBack(incoming);
    this.#forget(new Set(incoming.map(({ requestId }) => requestId)));
  }

  /** Notes that a connection has sent a frame. */
  heard(session: Session): void {
    this.#sessions.noteFrame(session);
    // Perhaps nothing is pushed to it until the queue knows.
    if (session.hearBy !== undefined) this.wake();
  }

  /** Ends all waits of a connection that is closed. */
  leave(session: Session): void {
    const { requestIds, subscriber } = session;
    // Commands that were held back because it was behind would be held for ever.
    const unapplied = session.isBehind ? this.#batcher.forget(session).map(({ requestId }) => requestId) : [];
    this.#forget(new Set([...requestIds, ...unapplied]), subscriber);
    this.#arrivals.callers.asked(subscriber);
  }

  #forget(requestIds: ReadonlySet<number>, subscriber?: number): void {
    this.#queue.leave(requestIds, subscriber);
    for (const requestId of requestIds) this.#arrivals.pendings.delete(requestId);
    // Commands that waited behind these may be served now.
    this.wake();
  }

  /** Runs commit batches until there is nothing to do. */
  wake(): void {
    this.#isDue = true;
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#env.server.isolate.idleCollection.noteWork();
    this.#ctx.waitUntil(this.#run());
  }

  async #run(): Promise<void> {
    try {
      do {
        this.#isDue = false;
        const { commands, overdue } = await this.#batcher.collect(() => this.#holds.look());
        for (const { requestId } of overdue) this.replies.refuse(requestId, overloaded("Clients have too much unread"));
        await this.#commit(commands);
        // One commit is under way at a time: commands that arrive meanwhile share the next one's rows.
        await this.#ctx.storage.sync();
        this.#life.committed(this.#queue);
        if (this.#life.isServing) this.#committed();
        // Commit batches without commands must let new commands arrive.
        if (commands.length === 0) await this.#machineClock.wait(0);
      } while (this.#isDue || !this.#batcher.isEmpty || (this.#life.isServing && this.#queue.isBehind));
      const isForReaders = this.#holds.areAny || this.#batcher.isHolding;
      this.#wakings.planTimer(this.#life.isServing ? this.#queue : undefined, isForReaders);
      this.#sessions.keep();
      this.#isRunning = false;
    } catch (error) {
      this.#reset(error);
    }
  }

  /** Discards the object with its memory. The next request creates another, which loads the queue from its storage. */
  #reset(error: unknown): void {
    this.#life.failed(error);
    this.#log("reset", "a commit failed; the queue is loaded again from its storage.", error);
    this.#env.server.isolate.recentFailures.note(this.#name, this.#underWay.length, this.#machineClock.now());
    this.#ctx.abort(`A commit failed: ${error instanceof Error ? error.message : error}`);
  }

  async #commit(commands: Incoming[]): Promise<void> {
    this.#underWay = commands;
    this.#isStored = false;
    try {
      await this.#applyBatch(commands);
    } catch (error) {
      // A batch that is stored cannot be undone, and must not be applied again.
      if (this.#isStored) throw error;
      if (this.#life.turnsDamaged(error)) this.#refuseAll();
      else this.#recover(error);
    }
  }

  async #applyBatch(incoming: Incoming[]): Promise<void> {
    const { configuration } = this.#queue;
    await this.#pump.prepare(this.#queue);
    const now = this.#clock.now(this.#machineClock.now());
    const { commands, mayWrite } = await reaching(
      this.#life.admit(incoming, (...answer) => this.replies.answer(...answer)),
    );
    this.#underWay = commands;
    if (incoming.some(({ command }) => command.verb === "delete")) this.#wakings.forgetAlarm();
    const applied = await this.#apply(commands, mayWrite, now);
    this.#batcher.putBack(commands.slice(applied));
    this.#underWay = commands.slice(0, applied);
    if (mayWrite) await this.#store(configuration, now);
    this.#isStored = true;
    this.replies.sendResults(this.#queue);
  }

  /** Returns how many of the commands were applied: the others wait until the results of these are sent. */
  async #apply(commands: Incoming[], mayWrite: boolean, now: number): Promise<number> {
    const queue = this.#queue;
    queue.mayHandOut = this.#holds.mayHandOut;
    for (const subscriber of this.#sessions.takeHeard()) queue.heard(subscriber);
    if (mayWrite || commands.length > 0) queue.isStorageFull = this.#life.isStorageFull;
    queue.isConsumed = this.#pump.isConsuming(queue);
    if (mayWrite) queue.advance(now);
    for (const [index, { requestId, command }] of commands.entries()) {
      if (queue.areResultsFull) return index;
      if (!this.#arrivals.pendings.begin(requestId, command, now) && !this.#isSubscription(command)) continue;
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
    // From here until the results are sent nothing is awaited, so that all writes are one transaction.
    const isConfigured = queue.exists && (isNew || queue.configuration !== configuration);
    const commit = queue.takeCommit();
    if (commit !== undefined) this.#life.committing(commit.totals.commit);
    if (isConfigured || commit !== undefined) {
      this.#ctx.storage.transactionSync(() => {
        if (isConfigured) this.#storage.configure(queue.generation, queue.configuration);
        if (commit !== undefined) this.#storage.write(commit);
      });
    }
    const others = { keyEndAt: this.#sessions.nextKeyEndAt, reportAt: this.#life.reportAt };
    if (this.#wakings.planAlarm(queue, now, others)) this.#storage.countAlarm();
  }

  /** Whether a command restores a subscription: it has its connection's number as request id, and no responder. */
  #isSubscription(command: Command): boolean {
    return command.verb === "subscribe" && this.#sessions.subscribed(command.subscriber) !== undefined;
  }

  /** Refuses all commands that wait, after a damaged row was found. The results of the commit batch are discarded. */
  #refuseAll(): void {
    this.#queue.takeResults();
    this.#queue.takeLost();
    const underWay = this.#underWay.map(({ requestId }) => requestId);
    this.replies.refuseAll(underWay, this.#life.refusal);
  }

  /** Undoes a commit batch that failed before it was stored. If the platform failed, only a reset does that. */
  #recover(error: unknown): void {
    const failed = this.#underWay;
    if (failed.length === 0 || isFullError(error)) throw error;
    const refusal = refusalOfFailed(error);
    // The directory has logged that it is of a newer version, once for all requests.
    if (refusal.code !== "newer_data") {
      this.#log(refusal.code, `a commit of ${failed.length} commands failed.`, error);
    }
    this.#life.failed(error);
    this.#reload(failed);
    if (failed.length === 1) this.replies.refuse(failed[0]?.requestId ?? 0, refusal);
  }

  /**
   * Loads the queue from its storage, and applies all waits again.
   *
   * @param failed the commands of the commit batch that failed: if there are several, each is applied again in a batch of
   * its own
   */
  #reload(failed: readonly Incoming[]): void {
    this.#storage.forget();
    this.#queue = this.#life.open(this.#storage).queue;
    for (const { requestId } of failed) this.#arrivals.pendings.undo(requestId);
    const lost = this.#waits.reapply(failed, this.#clock.now(this.#machineClock.now()));
    const detail =
      "The queue was loaded again meanwhile. It is not known which messages have arrived in the other queue.";
    for (const requestId of lost) this.replies.refuse(requestId, { verb: "refused", code: "unavailable", detail });
    this.#isDue = true;
  }

  /** Sends the transfers of a commit batch, which are stored, and lets the pump take more. */
  #committed(): void {
    for (const transfer of this.#queue.takeOutboundTransfers(this.#clock.now(this.#machineClock.now()))) {
      const outcome = send(queueOf(this.#env, transfer.to), this.#name, transfer, this.#log);
      this.#ctx.waitUntil(outcome.then((command) => this.submitInternal([{ command, answer: () => undefined }])));
    }
    this.#pump.look(this.#queue);
  }

  /** Submits commands of the queue itself, which does not count as a caller. Returns their request ids. */
  submitInternal(commands: Parameters<Submit>[0]): number[] {
    const incoming = commands.map(({ command, answer }) => this.#batcher.take({ answer }, command, 0));
    this.submit(incoming);
    return incoming.map(({ requestId }) => requestId);
  }

  /** Called at the time for which the alarm was set: a commit batch follows, which advances the time and sets the next. */
  async alarm(): Promise<void> {
    this.#wakings.forgetAlarm();
    this.#life.alarmed();
    this.#pump.alarmed();
    await this.#life.untilWritable();
    await this.#wakings.alarm((commands) => this.submitInternal(commands));
  }
}
