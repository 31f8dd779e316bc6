import { parseStorageBytesMax } from "../contract/storage-bytes.ts";
import { directoryOf, type Env } from "../env.ts";
import { damagedQueues, failedCommits } from "../isolate.ts";
import type { MachineClock } from "../machine-clock.ts";
import type { Command, Refusal, Result } from "../queue/base/commands.ts";
import { Queue } from "../queue/queue.ts";
import type { Incoming } from "./commit-batcher.ts";
import type { DirectoryObject } from "./directory-object.ts";
import { newGeneration } from "./generation.ts";
import { NEWEST_VERSION, storedVersion } from "./migrations.ts";
import type { QueueStorage } from "./queue-storage.ts";
import { faultOf, isDamage, Salvage } from "./salvage.ts";
import { HostStatus, isFullError } from "./storage-bound.ts";

/** An answer to a command of a commit batch. */
type CommandResult = (requestId: number, result: Result) => void;

/** The commands of a commit batch that the queue is to take. */
export interface Admitted {
  commands: Incoming[];
  /** False where nothing may be stored: the queue then neither lets time pass, nor commits, nor sets its alarm. */
  mayWrite: boolean;
}

/** A directory that did not hear that a queue is stored is told again after this, in milliseconds. */
const CONFIRM_AGAIN_MS = 1_000;

/** A queue with fewer commits may have crashed before the directory heard of it, and tells it once more. */
const YOUNG_COMMITS = 16;

/** These change nothing, so they are answered while nothing can be stored; and so is a put that was stored before. */
const READING: ReadonlySet<Command["verb"]> = new Set(["describe", "messages", "peek", "delete", "put"]);

/** These need not be answered at once, so they wait until something can be stored: a refusal would end them for good. */
const PATIENT: ReadonlySet<Command["verb"]> = new Set([
  "subscribe",
  "unsubscribe",
  "begin",
  "cancel_wait",
  "transfer_result",
]);

/**
 * How one queue comes to be, and what can keep it from being served: its entry in the directory, stored data that is
 * damaged or missing, a storage that is full, a wrong configuration. What a queue does while it lives is not in here.
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
  /** Undefined while nothing could be loaded. */
  #queue: Queue | undefined;
  /** The life that is stored, or for which there is an entry. */
  #generation: string | undefined;
  /** What is wrong with the stored data, as a part of a sentence. */
  #damage: { fault: string; isMissing: boolean } | undefined;
  #isLookedUp = false;
  #isServing = true;
  #isHostFull = false;
  #isConfirmed = false;
  #confirmAt = 0;
  /** Until then the storage is taken to be full. */
  #fullUntil = Number.NEGATIVE_INFINITY;
  #held: Incoming[] = [];

  /** @param resume takes commands that had to wait, for a later commit batch */
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
  }

  /**
   * Loads the queue from its storage, also anew after a commit batch that failed. Where its stored data is damaged, the queue
   * is an empty one that is never asked anything: `admit` answers in its place. Throws where the data cannot be judged: it is of a newer version, or there is no room.
   *
   * @returns the queue, and the last server time that it saw, in milliseconds
   */
  open(storage: QueueStorage): { queue: Queue; time: number } {
    this.#storage = storage;
    try {
      const existing = this.#storage.load();
      const queue = new Queue(existing ?? newGeneration(), this.#storage.rows);
      this.#queue = queue;
      const commits = existing?.stored?.totals.commit ?? 0;
      this.#generation = existing?.generation;
      this.#isConfirmed = commits > YOUNG_COMMITS;
      this.#fullUntil = failedCommits.fullUntil(this.#name, commits, this.#clock.now());
      const fault = damagedQueues.get(this.#name);
      if (fault !== undefined) this.#damage = { fault, isMissing: false };
      return { queue, time: existing?.stored?.totals.time ?? 0 };
    } catch (error) {
      if (isFullError(error) || this.#isNewer()) throw error;
      this.#queue = undefined;
      this.#noteDamage(error);
      return { queue: new Queue(newGeneration(), this.#storage.rows), time: 0 };
    }
  }

  /** To be told to the queue before each commit batch: whether puts are refused. */
  get isStorageFull(): boolean {
    const bound = parseStorageBytesMax(this.#env.STORAGE_BYTES_MAX);
    return this.#isBlocked || this.#isHostFull || this.#storage.hasReached(bound);
  }

  /** Whether the queue itself could be asked in the last commit batch. If not, it has nothing to do: no timer, no transfers. */
  get isServing(): boolean {
    return this.#isServing;
  }

  /** Answers, or keeps for later, what the queue itself cannot be asked now. To be called with the commands of a commit batch. */
  async admit(commands: readonly Incoming[], answer: CommandResult): Promise<Admitted> {
    const admitted = await this.#admit(commands, answer);
    this.#isServing = admitted.mayWrite;
    return admitted;
  }

  async #admit(commands: readonly Incoming[], answer: CommandResult): Promise<Admitted> {
    const fault = this.#configurationFault();
    if (fault !== undefined) {
      for (const { requestId } of commands)
        answer(requestId, { verb: "refused", code: "misconfigured", detail: fault });
      return { commands: [], mayWrite: false };
    }
    if (!this.#storage.isCreated && !this.#isLookedUp) await this.#lookUp();
    if (this.#damage !== undefined) return this.#admitDamaged(commands, answer);
    if (this.#isBlocked) return this.#admitReading(commands, answer);
    const hasPuts = commands.some(({ command }) => command.verb === "put");
    this.#isHostFull = hasPuts ? await this.#hostStatus.notePuts(this.#clock.now()) : this.#hostStatus.isNearlyFull;
    return { commands: [...commands], mayWrite: true };
  }

  /** Enters the queue in the directory, before anything of it is stored. Throws where another life stands there. */
  async enter(generation: string): Promise<void> {
    const entry = await this.#directory.add(this.#name, generation);
    if (entry.generation !== generation) throw new Error("The directory knows another life of this queue.");
    this.#generation = generation;
    this.#isConfirmed = false;
  }

  /** Deletes everything that is stored, and the entry. Also where nothing is: an earlier deletion may have stopped. */
  async erase(): Promise<void> {
    const generation = this.#generation;
    // A crash after this leaves a pending entry: without data it stands for no queue, and not for one that lost its data.
    if (generation !== undefined) await this.#directory.unconfirm(this.#name, generation).catch(unlessFull);
    if (this.#storage.isCreated || this.#damage !== undefined) await this.#storage.erase();
    this.#damage = undefined;
    damagedQueues.delete(this.#name);
    this.#fullUntil = Number.NEGATIVE_INFINITY;
    // Until the name is removed: where that fails, the entry is looked up again by who tries once more.
    this.#isLookedUp = false;
    if (generation !== undefined) await this.#directory.remove(this.#name, generation);
    this.#isLookedUp = true;
    this.#generation = undefined;
  }

  /** To be called before a commit is written, with its number: if the object ends with it, the next one knows. */
  committing(commit: number): void {
    failedCommits.begin(this.#name, commit);
  }

  /** To be called when everything that was written is durable. Tells the directory, once, and is not waited for. */
  committed(): void {
    failedCommits.end(this.#name);
    const generation = this.#generation;
    const isDue = !this.#isConfirmed && this.#clock.now() >= this.#confirmAt;
    if (!isDue || generation === undefined || !this.#storage.isCreated || this.#damage !== undefined) return;
    this.#confirmAt = this.#clock.now() + CONFIRM_AGAIN_MS;
    const confirmed = this.#directory.confirm(this.#name, generation).then(
      () => {
        this.#isConfirmed ||= generation === this.#generation;
      },
      (error) => console.error(`The directory does not hear that the queue ${this.#name} is stored.`, error),
    );
    this.#ctx.waitUntil(confirmed);
  }

  /** To be called when a commit batch has failed after it began to write, before the object ends itself. */
  failed(error: unknown): void {
    failedCommits.end(this.#name);
    if (isDamage(error)) damagedQueues.set(this.#name, faultOf(error));
    if (isFullError(error)) failedCommits.noteFull(this.#name, this.#clock.now());
  }

  /**
   * Whether an error that came up before anything was written says that a stored row is damaged. From then on `admit`
   * answers in the place of the queue; who waits is to be answered with `refusal`.
   */
  turnsDamaged(error: unknown): boolean {
    if (!isDamage(error)) return false;
    this.#noteDamage(error);
    damagedQueues.set(this.#name, faultOf(error));
    this.#isServing = false;
    return true;
  }

  /** What everything is answered with while the stored data is damaged. */
  get refusal(): Refusal {
    const { fault, isMissing } = this.#damage ?? { fault: "it cannot be read", isMissing: false };
    const wayOut = isMissing
      ? "Bring the data back, or delete the queue to begin anew."
      : "List its messages to export what can be read, and delete the queue to begin anew.";
    return {
      verb: "refused",
      code: "damaged",
      detail: `The stored data of this queue is damaged: ${fault}. Nothing is changed in it. ${wayOut}`,
    };
  }

  /** Waits while the storage is taken to be full, at most for a second. */
  async untilWritable(): Promise<void> {
    if (!this.#isBlocked) return;
    await new Promise<void>((resume) => this.#clock.after(this.#fullUntil - this.#clock.now(), resume));
  }

  /** A new stub each time: one whose call has failed may fail for good. */
  get #directory(): DurableObjectStub<DirectoryObject> {
    return directoryOf(this.#env);
  }

  get #isBlocked(): boolean {
    return this.#clock.now() < this.#fullUntil;
  }

  #configurationFault(): string | undefined {
    try {
      parseStorageBytesMax(this.#env.STORAGE_BYTES_MAX);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  #isNewer(): boolean {
    try {
      return storedVersion(this.#ctx.storage.sql) > NEWEST_VERSION;
    } catch {
      return false;
    }
  }

  #noteDamage(error: unknown): void {
    console.error(`The stored data of the queue ${this.#name} is damaged.`, error);
    this.#generation ??= this.#salvage.generation();
    this.#damage = { fault: faultOf(error), isMissing: false };
  }

  /** Where nothing is stored: is there nothing, or is it lost? */
  async #lookUp(): Promise<void> {
    const entry = await this.#directory.find(this.#name);
    this.#isLookedUp = true;
    if (entry === null) return;
    this.#generation = entry.generation;
    if (!entry.isConfirmed || this.#damage !== undefined) return;
    const fault = "it is missing, though the queue was created and not deleted";
    this.#damage = { fault, isMissing: true };
    console.error(`The stored data of the queue ${this.#name} is missing.`);
  }

  /** A deletion ends the damage: what comes after it in the commit batch is for the new queue. */
  async #admitDamaged(commands: readonly Incoming[], answer: CommandResult): Promise<Admitted> {
    for (const [index, { requestId, command }] of commands.entries()) {
      if (command.verb === "delete") {
        await this.erase();
        // A queue that was loaded, and whose damage was found later, has to forget what it holds in memory.
        if (this.#queue?.exists) this.#queue.apply(requestId, command, this.#clock.now());
        else answer(requestId, { verb: "delete" });
        return { commands: commands.slice(index + 1), mayWrite: true };
      }
      const isListed = command.verb === "messages" && this.#damage?.isMissing === false;
      answer(requestId, isListed ? this.#salvage.page(command) : this.refusal);
    }
    return { commands: [], mayWrite: false };
  }

  #admitReading(commands: readonly Incoming[], answer: CommandResult): Admitted {
    const admitted: Incoming[] = [];
    for (const incoming of commands) {
      const { verb } = incoming.command;
      if (READING.has(verb)) admitted.push(incoming);
      else if (PATIENT.has(verb)) this.#hold(incoming);
      else answer(incoming.requestId, fullRefusal());
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

/** Where nothing can be written, a deletion goes on: it makes the room. */
function unlessFull(error: unknown): void {
  if (!isFullError(error)) throw error;
}

function fullRefusal(): Refusal {
  const detail = "The disk, or what the plan gives a queue, is full: nothing can be stored until there is room.";
  return { verb: "refused", code: "storage_full", detail };
}
