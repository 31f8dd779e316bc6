import { LIST_BYTES_MAX } from "../contract/limits.ts";
import type { MachineClock } from "../machine-clock.ts";
import type { Command } from "../queue/base/commands.ts";
import { SEGMENT_MESSAGES_MAX } from "../queue/store/segment.ts";

/** A command that has arrived and is not applied yet. */
export interface Incoming {
  requestId: number;
  command: Command;
  /** About what it takes of memory, in characters of text. */
  characters: number;
  /** The connection that it came on, whose commands keep their order; undefined for a call of its own. */
  connection?: object | undefined;
  /** When it arrived, in milliseconds by the machine's clock. */
  arrivedAt: number;
  /** Whether it is committed by itself: see `CommitLoop`. */
  isAlone?: boolean | undefined;
}

/**
 * Says how long a command may be held back after it has arrived, in milliseconds, before it is refused as `overloaded`;
 * undefined where it is not held back.
 */
export type Hold = (incoming: Incoming) => number | undefined;

/** What a commit batch takes up. */
export interface CommitBatch {
  commands: Incoming[];
  /** Commands that were held back for too long, to be refused. */
  overdue: Incoming[];
}

/** Callers beyond these are in the commit batch after, so that a stream of commands without end is answered too. */
const COMMANDS_MAX = 1_000;

/** The text of the commands in a commit batch: with the one that passes the bound no more are taken. */
const COMMIT_CHARACTERS_MAX = 8 * 1024 * 1024;

/** The text of all commands that have arrived and are not applied yet. What comes beyond is refused as `overloaded`. */
const ARRIVED_CHARACTERS_MAX = 12 * 1024 * 1024;

/** A command of this size may use another part of the memory, so that large puts do not keep acks from coming in. */
const SMALL_CHARACTERS = 64 * 1024;
const RESERVE_CHARACTERS = 2 * 1024 * 1024;

/**
 * What may still have to be answered by commands that only look, in bytes: so many that 250 lists at a time are served.
 * What comes beyond is refused as `overloaded`, before it makes everything else wait.
 */
const LOOKS_BYTES_MAX = 256 * 1024 * 1024;

/** As many as share a row. More would not make it cheaper, and could be under way while these are stored. */
const ENOUGH = SEGMENT_MESSAGES_MAX;

/** With fewer than these to come back, nobody is kept waiting for them. */
const CROWD = 8;

/** How long a crowd is waited for. */
const LINGER_MS = 4;

/** Whoever is not back after this has something else to do. */
const AWAY_MS = 250;

/**
 * Collects the commands that will be stored together: the larger the group, the fewer rows for each of its messages.
 *
 * Most callers make one call after the other, so whoever was just answered is likely to be back in a moment. While
 * many are about to come back, the group waits for them a little. Who is alone, or nearly so, is never waited for.
 * PostgreSQL has the same idea in `commit_delay` and `commit_siblings`.
 */
export class CommitBatcher {
  readonly #clock: MachineClock;
  #commands: Incoming[] = [];
  #characters = 0;
  /** The most that the answers to lists and looks that have arrived can be, in bytes. */
  #looksBytes = 0;
  /** How many of the commands were held back when it was looked last. */
  #held = 0;
  /** How many were answered and have not been back. An estimate: nobody knows if they come. */
  #absent = 0;
  #answeredAt = 0;

  constructor(clock: MachineClock) {
    this.#clock = clock;
  }

  /** Whether there is nothing to apply now. What is held back does not count. */
  get isEmpty(): boolean {
    return this.#commands.length === this.#held;
  }

  /** Whether commands are held back. */
  get isHolding(): boolean {
    return this.#held > 0;
  }

  /** Whether one more command can be taken in. One alone always can. */
  hasRoomFor(command: Command, characters: number): boolean {
    return this.hasMemoryFor(characters) && this.#looksBytes + looksBytesOf(command) <= LOOKS_BYTES_MAX;
  }

  /** Whether the memory for what has arrived has room for so much more. One command alone always has. */
  hasMemoryFor(characters: number): boolean {
    const reserve = characters <= SMALL_CHARACTERS ? RESERVE_CHARACTERS : 0;
    return this.#commands.length === 0 || this.#characters + characters <= ARRIVED_CHARACTERS_MAX + reserve;
  }

  /** Counts a command that will be added: from now on it takes its part of the memory. */
  reserve(incoming: Incoming): void {
    this.#count([incoming], +1);
  }

  /** Gives back the part of the memory of commands that will not be added. */
  giveBack(incoming: readonly Incoming[]): void {
    this.#count(incoming, -1);
  }

  /**
   * Adds what one caller sends at a time, and was reserved; nothing where he is gone.
   *
   * @param isBack whether this may be one of those who were answered
   */
  add(incoming: readonly Incoming[], isBack: boolean): void {
    for (const command of incoming) this.#commands.push(command);
    if (isBack) this.#absent = Math.max(0, this.#absent - 1);
  }

  /** Forgets what a connection has asked that is gone, and that was not applied. Answers what that was. */
  forget(connection: object): Incoming[] {
    return this.#remove((incoming) => incoming.connection === connection);
  }

  /** Takes out commands with these request ids, which are about to come in anew or must not any more. */
  takeOut(requestIds: ReadonlySet<number>): void {
    this.#remove(({ requestId }) => requestIds.has(requestId));
  }

  #remove(isMeant: (incoming: Incoming) => boolean): Incoming[] {
    const removed = this.#commands.filter(isMeant);
    if (removed.length === 0) return removed;
    this.#count(removed, -1);
    this.#commands = this.#commands.filter((incoming) => !isMeant(incoming));
    this.#held = Math.min(this.#held, this.#commands.length);
    return removed;
  }

  /** Puts commands before all others: those that were taken and not applied, or are to be applied again. */
  putBack(commands: readonly Incoming[]): void {
    if (commands.length === 0) return;
    this.#commands = [...commands, ...this.#commands];
    this.#count(commands, +1);
  }

  #count(commands: readonly Incoming[], sign: 1 | -1): void {
    for (const { command, characters } of commands) {
      this.#characters += sign * characters;
      this.#looksBytes += sign * looksBytesOf(command);
    }
  }

  /** To be told how many more callers were answered, and may come back with something new. */
  answered(callers: number): void {
    this.#absent += callers;
    if (callers > 0) this.#answeredAt = this.#clock.now();
  }

  /**
   * Waits until everything has arrived that is on its way, and takes what one commit batch may have.
   *
   * @param look is called when all has arrived, and says what must wait until connections have read more
   */
  async collect(look: () => Hold = () => () => undefined): Promise<CommitBatch> {
    // Who calls in the same turn is of the same commit batch.
    await null;
    if (this.#clock.now() - this.#answeredAt > AWAY_MS) this.#absent = 0;
    // Nobody else is expected: whoever is alone must not wait for the event loop.
    if (this.#absent > 0) await this.#settle();
    for (let ms = 0; ms < LINGER_MS && this.#absent >= CROWD && this.#commands.length < ENOUGH; ms += 1) {
      await this.#clock.wait(1);
      // Some will not come back. Where nobody does, a few commit batches later nobody is waited for.
      if (ms === LINGER_MS - 1) this.#absent >>= 1;
    }
    return this.#take(look(), this.#clock.now());
  }

  #take(hold: Hold, now: number): CommitBatch {
    const batch: CommitBatch = { commands: [], overdue: [] };
    const kept: Incoming[] = [];
    const heldConnections = new Set<object>();
    let characters = 0;
    let index = 0;
    for (; index < this.#commands.length && batch.commands.length < COMMANDS_MAX; index += 1) {
      const incoming = this.#commands[index] as Incoming;
      const { connection } = incoming;
      const isBehindOthers = connection !== undefined && heldConnections.has(connection);
      const heldMsMax = isBehindOthers ? Number.POSITIVE_INFINITY : hold(incoming);
      if (heldMsMax !== undefined) {
        if (connection !== undefined) heldConnections.add(connection);
        (now - incoming.arrivedAt > heldMsMax ? batch.overdue : kept).push(incoming);
        continue;
      }
      if (characters >= COMMIT_CHARACTERS_MAX || (standsAlone(incoming) && batch.commands.length > 0)) break;
      batch.commands.push(incoming);
      characters += incoming.characters;
      if (standsAlone(incoming)) {
        index += 1;
        break;
      }
    }
    this.#commands = kept.length === 0 ? this.#commands.slice(index) : [...kept, ...this.#commands.slice(index)];
    this.#held = kept.length;
    this.#count(batch.commands, -1);
    this.#count(batch.overdue, -1);
    return batch;
  }

  /** A request takes several turns of the event loop on its way in, so as long as turns bring some, more may come. */
  async #settle(): Promise<void> {
    let arrived: number;
    do {
      arrived = this.#commands.length;
      await this.#clock.wait(0);
    } while (this.#commands.length > arrived && this.#commands.length < ENOUGH);
  }
}

/** What is deleted is gone at once, not with the commit: nothing else may fail with it. */
function standsAlone({ command, isAlone }: Incoming): boolean {
  return isAlone === true || command.verb === "delete";
}

function looksBytesOf({ verb }: Command): number {
  return verb === "messages" || verb === "peek" ? LIST_BYTES_MAX : 0;
}

/** What waits already, to be applied again: it takes no more memory than it did. */
export function incomingWait(wait: Omit<Incoming, "characters" | "isAlone">): Incoming {
  return { ...wait, characters: 0 };
}
