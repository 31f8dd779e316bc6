import { DurableObject } from "cloudflare:workers";
import { STORAGE_BYTES_MAX } from "../contract/limits.ts";
import { directoryOf, type Env } from "../env.ts";
import { MonotonicClock } from "../queue/clock.ts";
import type { Command } from "../queue/commands.ts";
import { Queue } from "../queue/queue.ts";
import { type Incoming, NextRound } from "./next-round.ts";
import { QueueStorage } from "./queue-storage.ts";
import { type Reply, replyOf } from "./reply.ts";
import { send } from "./shipping.ts";

/** The object wakes itself at multiples of this, because each alarm that is set is a row. */
const ALARM_STEP_MS = 10_000;

/**
 * One named queue: it collects commands, lets the state machine apply them, stores what changed and answers.
 *
 * Group commit: commands that arrive together are one round, one transaction, one fsync. Answers are given after the
 * write, and the platform holds them back until that write is durable, so what is acknowledged is stored. Memory is
 * only a copy: when a round fails half-way it is thrown away with the object, and the next request loads what is true.
 */
export class QueueObject extends DurableObject<Env> {
  readonly #storage: QueueStorage;
  readonly #clock: MonotonicClock;
  readonly #queue: Queue;
  readonly #nextRound = new NextRound();
  readonly #callers = new Map<number, (reply: Reply) => void>();
  #tickets = 0;
  #isRunning = false;
  #timer: number | null = null;
  /** When the alarm is set to; undefined while that has not been read. */
  #alarmAt: number | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#storage = new QueueStorage(ctx.storage);
    const existing = this.#storage.load();
    this.#queue = new Queue(existing ?? newIncarnation(), this.#storage);
    this.#clock = new MonotonicClock(existing?.stored?.totals.time ?? 0);
  }

  /** Applies a command. The promise is kept when its outcome is known and durable, after a wait if it is to wait. */
  perform(command: Command): Promise<Reply> {
    return new Promise((resolve) => {
      this.#tickets += 1;
      this.#callers.set(this.#tickets, resolve);
      this.#nextRound.add({ ticket: this.#tickets, command });
      this.#wake();
    });
  }

  /** Deletes the queue. The state machine has no randomness, so the text for its next life comes from here. */
  async delete(): Promise<Reply> {
    return this.perform({ verb: "delete", nextIncarnation: newIncarnation() });
  }

  /** Called by the platform at the time that was set, also after a crash. */
  override async alarm(): Promise<void> {
    this.#alarmAt = Number.POSITIVE_INFINITY;
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
        this.#sendShipments();
      } while (!this.#nextRound.isEmpty || this.#queue.isBehind);
      this.#planTimer();
      this.#isRunning = false;
    } catch (error) {
      console.error(`The queue ${this.ctx.id.name} starts over from its storage.`, error);
      this.ctx.abort(`A commit failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  async #round(commands: Incoming[]): Promise<void> {
    const queue = this.#queue;
    const now = this.#clock.now(Date.now());
    const { configuration } = queue;
    queue.isStorageFull = this.#storage.bytes >= Number(this.env.STORAGE_BYTES_MAX || STORAGE_BYTES_MAX);
    queue.advance(now);
    for (const { ticket, command } of commands) {
      queue.apply(ticket, command, now);
      if (command.verb === "delete") await this.#erase();
    }
    if (queue.exists && !this.#storage.isCreated) await directoryOf(this.env).add(this.#name);
    this.#alarmAt ??= (await this.ctx.storage.getAlarm()) ?? Number.POSITIVE_INFINITY;
    // From here to the answers nothing is awaited, so that all writes are one transaction.
    if (queue.exists && (!this.#storage.isCreated || queue.configuration !== configuration)) {
      this.#storage.configure(queue.incarnation, queue.configuration);
    }
    const commit = queue.takeCommit();
    this.#planAlarm(now);
    if (commit !== undefined) this.#storage.write(commit);
    this.#giveAnswers();
  }

  #giveAnswers(): void {
    const answers = this.#queue.takeAnswers();
    if (answers.length === 0) return;
    this.#nextRound.answered(answers.length);
    const { bytes: storageBytes, rowsWritten } = this.#storage;
    for (const { ticket, result } of answers) {
      this.#callers.get(ticket)?.(replyOf(result, { name: this.#name, storageBytes, rowsWritten }));
      this.#callers.delete(ticket);
    }
  }

  /** Also where nothing is stored: an earlier deletion may have failed between the two. */
  async #erase(): Promise<void> {
    if (this.#storage.isCreated) await this.#storage.erase();
    this.#alarmAt = Number.POSITIVE_INFINITY;
    await directoryOf(this.env).remove(this.#name);
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
    const { nextWakeAt } = this.#queue;
    if (nextWakeAt === Number.POSITIVE_INFINITY) return;
    // The alarm goes by the machine's clock, which may lie behind the queue's.
    const dueAt = Date.now() + Math.max(0, nextWakeAt - now);
    const at = Math.ceil(dueAt / ALARM_STEP_MS) * ALARM_STEP_MS;
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
    const { nextEventAt } = this.#queue;
    if (nextEventAt === Number.POSITIVE_INFINITY) return;
    const delayMs = Math.max(0, nextEventAt - this.#clock.now(Date.now()));
    this.#timer = setTimeout(() => this.#wake(), Math.min(delayMs, 2 ** 31 - 1));
  }

  get #name(): string {
    return this.ctx.id.name ?? "";
  }
}

/** Enough chance that no receipt of an earlier life of the queue fits. */
function newIncarnation(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => (byte % 36).toString(36)).join("");
}
