import type { DirectoryCalls } from "../api/directory-calls.ts";
import { newGeneration } from "../api/forms/generation.ts";
import { parseStorageBytesMax, storageBytesFault } from "../contract/storage-bytes.ts";
import { directoryOf, type Env } from "../env.ts";
import { damagedQueues, failedCommits } from "../isolate.ts";
import type { MachineClock } from "../machine-clock.ts";
import type { Refusal, Result } from "../queue/base/commands.ts";
import { Queue } from "../queue/queue.ts";
import type { Incoming } from "./commit-batcher.ts";
import { DirectoryReports } from "./directory-reports.ts";
import { refusalOfNewer } from "./newer-data.ts";
import type { QueueStorage } from "./queue-storage.ts";
import { faultOf, isDamage, Salvage } from "./salvage.ts";
import { ADMITTED_WHEN_FULL, HostStatus, isFullError, PATIENT, STORAGE_FULL } from "./storage-bound.ts";

/** Answers a command of a commit batch. */
type Answer = (requestId: number, result: Result) => void;

/** The commands of a commit batch that are applied to the queue. */
export interface Admitted {
  commands: Incoming[];
  /** False while nothing may be stored: the queue then neither advances its time, nor commits, nor sets its alarm. */
  mayWrite: boolean;
}

/** A queue with fewer commits may have crashed before it told the directory, so it tells it once more. */
const YOUNG_COMMITS = 16;

/**
 * Loads, creates and deletes one queue, and answers in its place while it cannot be served: its entry in the directory,
 * stored data that is damaged or missing, full storage, a wrong configuration.
 */
export class QueueLife {
  readonly #ctx: DurableObjectState;
  readonly #env: Env;
  readonly #name: string;
  readonly #clock: MachineClock;
  #storage: QueueStorage;
  readonly #salvage: Salvage;
  readonly #hostStatus: HostStatus;
  readonly #resume: (commands: Incoming[]) => void;
  readonly #reports: DirectoryReports;
  /** Undefined while nothing could be loaded. */
  #queue: Queue | undefined;
  /** The generation that is stored, or that has an entry in the directory. */
  #generation: string | undefined;
  /** The fault in the stored data, as a part of a sentence. */
  #damage: { fault: string; isMissing: boolean } | undefined;
  /** The answer to all commands while the data is of a newer version. */
  #newer: Refusal | undefined;
  #isLookedUp = false;
  #isServing = true;
  #isHostFull = false;
  /** Until then, in milliseconds by the machine's clock, the storage is taken to be full. */
  #fullUntil = Number.NEGATIVE_INFINITY;
  #held: Incoming[] = [];

  /** @param resume takes commands that were held back, or none, for a commit batch that follows */
  constructor(
    ctx: DurableObjectState,
    env: Env,
    clock: MachineClock,
    storage: QueueStorage,
    resume: (commands: Incoming[]) => void,
  ) {
    this.#ctx = ctx;
    this.#env = env;
    this.#name = ctx.id.name ?? "";
    this.#clock = clock;
    this.#storage = storage;
    this.#salvage = new Salvage(ctx.storage.sql);
    this.#hostStatus = new HostStatus(env);
    this.#resume = resume;
    this.#reports = new DirectoryReports(ctx, env, clock, () => resume([]));
  }

  /**
   * Loads the queue from its storage, also after a commit batch that failed. If its stored data is damaged, the queue is
   * empty and unused: `admit` answers in its place.
   *
   * @returns the queue, and the last server time that it saw, in milliseconds
   * @throws if there is no room to read the data
   */
  open(storage: QueueStorage): { queue: Queue; time: number } {
    this.#storage = storage;
    try {
      const existing = this.#storage.load();
      const queue = new Queue(existing ?? newGeneration(), this.#storage.rows);
      this.#queue = queue;
      const commits = existing?.stored?.totals.commit ?? 0;
      this.#generation = existing?.generation;
      this.#reports.loaded(commits > YOUNG_COMMITS);
      this.#fullUntil = failedCommits.fullUntil(this.#name, commits, this.#clock.now());
      const fault = damagedQueues.get(this.#name);
      if (fault !== undefined) this.#damage = { fault, isMissing: false };
      return { queue, time: existing?.stored?.totals.time ?? 0 };
    } catch (error) {
      if (isFullError(error)) throw error;
      this.#queue = undefined;
      this.#newer = refusalOfNewer(this.#ctx.storage.sql);
      if (this.#newer === undefined) this.#noteDamage(error);
      else console.error(`queue ${this.#name}: newer_data: ${this.#newer.detail}`);
      return { queue: new Queue(newGeneration(), this.#storage.rows), time: 0 };
    }
  }

  /** Whether puts are refused in this commit batch. */
  get isStorageFull(): boolean {
    const bound = parseStorageBytesMax(this.#env.STORAGE_BYTES_MAX);
    return this.#isBlocked || this.#isHostFull || this.#storage.hasReached(bound);
  }

  /** Whether the queue could be used in the last commit batch. If not, it needs no timer and sends no transfers. */
  get isServing(): boolean {
    return this.#isServing;
  }

  /** Answers, or holds back, the commands of a commit batch that cannot be applied to the queue now. */
  async admit(commands: readonly Incoming[], answer: Answer): Promise<Admitted> {
    const admitted = await this.#admit(commands, answer);
    this.#isServing = admitted.mayWrite;
    return admitted;
  }

  async #admit(commands: readonly Incoming[], answer: Answer): Promise<Admitted> {
    const fault = storageBytesFault(this.#env.STORAGE_BYTES_MAX);
    if (fault !== undefined) {
      const refusal: Refusal = { verb: "refused", code: "misconfigured", detail: fault };
      for (const { requestId } of commands) answer(requestId, refusal);
      return { commands: [], mayWrite: false };
    }
    if (this.#newer !== undefined) {
      for (const { requestId } of commands) answer(requestId, this.#newer);
      return { commands: [], mayWrite: false };
    }
    // Without commands there is nothing to refuse, so that a directory which fails does not reset the object.
    if (commands.length > 0 && !this.#storage.isCreated && !this.#isLookedUp) await this.#lookUp();
    if (this.#damage !== undefined) return this.#admitDamaged(commands, answer);
    if (this.#isBlocked) return this.#admitReading(commands, answer);
    const hasPuts = commands.some(({ command }) => command.verb === "put");
    this.#isHostFull = hasPuts ? await this.#hostStatus.notePuts(this.#clock.now()) : this.#hostStatus.isNearlyFull;
    return { commands: [...commands], mayWrite: true };
  }

  /** Enters the queue in the directory, before anything of it is stored. Throws if another generation is entered. */
  async enter(generation: string): Promise<void> {
    const entry = await this.#directory.add(this.#name, generation);
    if (entry.generation !== generation) throw new Error("The directory has another generation of this queue.");
    this.#generation = generation;
    this.#reports.entered();
  }

  /** Deletes all stored data, and the entry, even if nothing is stored: an earlier deletion may have been interrupted. */
  async erase(): Promise<void> {
    const generation = this.#generation;
    // A crash after this leaves a pending entry, which without data means no queue, and not a queue that lost its data.
    if (generation !== undefined) await this.#directory.unconfirm(this.#name, generation).catch(unlessFull);
    if (this.#storage.isCreated || this.#damage !== undefined) await this.#storage.erase();
    this.#damage = undefined;
    this.#reports.deleted();
    damagedQueues.delete(this.#name);
    this.#fullUntil = Number.NEGATIVE_INFINITY;
    // If the removal fails, the next call looks the entry up again.
    this.#isLookedUp = false;
    if (generation !== undefined) await this.#directory.remove(this.#name, generation);
    this.#isLookedUp = true;
    this.#generation = undefined;
  }

  /** To be called before a commit is written, with its number: if the object ends during it, the next object knows. */
  committing(commit: number): void {
    this.#reports.committing();
    failedCommits.begin(this.#name, commit);
  }

  /** To be called when all writes are durable. Tells the directory, without waiting for it. */
  committed(queue: Queue): void {
    failedCommits.end(this.#name);
    const generation = this.#generation;
    if (generation === undefined || !this.#storage.isCreated || this.#damage !== undefined) return;
    this.#reports.committed(generation, queue);
  }

  /** When the alarm must go off to report the counts, in milliseconds by the machine's clock. */
  get reportAt(): number {
    return this.#reports.reportAt;
  }

  /** To be called when the alarm has gone off, before the commit batch that follows. */
  alarmed(): void {
    this.#reports.alarmed();
  }

  /** To be called when a commit batch has failed, before the queue is loaded again or the object is reset. */
  failed(error: unknown): void {
    failedCommits.end(this.#name);
    if (isDamage(error)) damagedQueues.set(this.#name, faultOf(error));
    if (isFullError(error)) failedCommits.noteFull(this.#name, this.#clock.now());
  }

  /**
   * Whether an error that was thrown before anything was written means that a stored row is damaged. From then on `admit`
   * answers in the place of the queue; commands that wait must be answered with `refusal`.
   */
  turnsDamaged(error: unknown): boolean {
    if (!isDamage(error)) return false;
    this.#noteDamage(error);
    damagedQueues.set(this.#name, faultOf(error));
    this.#isServing = false;
    return true;
  }

  /** The answer to all commands while the stored data is damaged. */
  get refusal(): Refusal {
    const { fault, isMissing } = this.#damage ?? { fault: "it cannot be read", isMissing: false };
    const wayOut = isMissing
      ? "Restore the data, or delete the queue."
      : "List its messages to export those that can be read, then delete the queue.";
    return {
      verb: "refused",
      code: "damaged",
      detail: `The stored data of this queue is damaged: ${fault}. Nothing in it is changed. ${wayOut}`,
    };
  }

  /** Waits while the storage is taken to be full, at most for a second. */
  async untilWritable(): Promise<void> {
    if (!this.#isBlocked) return;
    await new Promise<void>((resume) => this.#clock.after(this.#fullUntil - this.#clock.now(), resume));
  }

  /** A new stub each time: one whose call has failed may fail for good. */
  get #directory(): DurableObjectStub<DirectoryCalls> {
    return directoryOf(this.#env);
  }

  get #isBlocked(): boolean {
    return this.#clock.now() < this.#fullUntil;
  }

  #noteDamage(error: unknown): void {
    console.error(`queue ${this.#name}: damaged: stored data cannot be read.`, error);
    this.#generation ??= this.#salvage.generation();
    this.#damage = { fault: faultOf(error), isMissing: false };
  }

  /** If nothing is stored, the directory knows whether the data is lost. */
  async #lookUp(): Promise<void> {
    const entry = await this.#directory.find(this.#name);
    this.#isLookedUp = true;
    if (entry === null) return;
    this.#generation = entry.generation;
    if (!entry.isConfirmed || this.#damage !== undefined) return;
    const fault = "it is missing, although the queue was created and not deleted";
    this.#damage = { fault, isMissing: true };
    console.error(`queue ${this.#name}: damaged: the stored data is missing.`);
  }

  /** A deletion ends the damage: the commands after it in the commit batch are applied to the new queue. */
  async #admitDamaged(commands: readonly Incoming[], answer: Answer): Promise<Admitted> {
    for (const [index, { requestId, command }] of commands.entries()) {
      if (command.verb === "delete") {
        await this.erase();
        // A queue that was loaded before its damage was found must forget what it has in memory.
        if (this.#queue?.exists) this.#queue.apply(requestId, command, this.#clock.now());
        else answer(requestId, { verb: "delete" });
        return { commands: commands.slice(index + 1), mayWrite: true };
      }
      const isListed = command.verb === "messages" && this.#damage?.isMissing === false;
      answer(requestId, isListed ? this.#salvage.page(command) : this.refusal);
    }
    return { commands: [], mayWrite: false };
  }

  #admitReading(commands: readonly Incoming[], answer: Answer): Admitted {
    const admitted: Incoming[] = [];
    for (const incoming of commands) {
      const { verb } = incoming.command;
      if (ADMITTED_WHEN_FULL.has(verb)) admitted.push(incoming);
      else if (PATIENT.has(verb)) this.#hold(incoming);
      else answer(incoming.requestId, { verb: "refused", code: "storage_full", detail: STORAGE_FULL });
    }
    return { commands: admitted, mayWrite: false };
  }

  #hold(incoming: Incoming): void {
    this.#held.push(incoming);
    if (this.#held.length > 1) return;
    const ms = Math.max(0, this.#fullUntil - this.#clock.now());
    this.#clock.after(ms, () => this.#resume(this.#held.splice(0)));
  }
}

/** A deletion goes on although nothing can be written: it makes room. */
function unlessFull(error: unknown): void {
  if (!isFullError(error)) throw error;
}
