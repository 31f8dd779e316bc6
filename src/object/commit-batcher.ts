import type { Responder } from "../api/responder.ts";
import { LIST_BYTES_MAX } from "../contract/limits.ts";
import type { MachineClock } from "../machine-clock.ts";
import type { Command } from "../queue/base/commands.ts";
import { SEGMENT_MESSAGES_MAX } from "../queue/store/segment-summary.ts";
import type { ExpectedCallers } from "./expected-callers.ts";
import type { Pendings } from "./pendings.ts";

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
  /** Whether it is committed in a batch of its own: see `CommitLoop`. */
  isAlone?: boolean | undefined;
}

/**
 * For how long a command may be held back after it has arrived, in milliseconds, before it is refused as `overloaded`;
 * undefined if it is not held back.
 */
export type Hold = (incoming: Incoming) => number | undefined;

/** The commands of one commit batch. */
export interface CommitBatch {
  commands: Incoming[];
  /** Commands that were held back for too long, to be refused. */
  overdue: Incoming[];
}

/** Commands beyond these are in the next commit batch, so that an endless stream of commands is answered too. */
const COMMANDS_MAX = 1_000;

/** The text of the commands in a commit batch, in characters: the one that passes the bound is the last. */
const COMMIT_CHARACTERS_MAX = 8 * 1024 * 1024;

/** The text of all commands that have arrived and are not applied. Further ones are refused as `overloaded`. */
const ARRIVED_CHARACTERS_MAX = 12 * 1024 * 1024;

/** A command up to this size may use the reserve, so that large puts do not keep acks from coming in. */
const SMALL_CHARACTERS = 64 * 1024;
const RESERVE_CHARACTERS = 2 * 1024 * 1024;

/**
 * The replies that commands which browse messages may still need, in bytes: enough for 250 lists at a time. Further
 * ones are refused as `overloaded`, before they make all other commands wait.
 */
const BROWSING_BYTES_MAX = 256 * 1024 * 1024;

/** As many commands as messages share a row: more would not be cheaper, and could be stored meanwhile. */
const ENOUGH_COMMANDS = SEGMENT_MESSAGES_MAX;

/** Commands whose results show messages, which may be large. */
export const SHOWS_MESSAGES: ReadonlySet<Command["verb"]> = new Set(["messages", "peek", "change", "promote"]);

/** With fewer expected callers a commit batch is not delayed. PostgreSQL's `commit_siblings`. */
const EXPECTED_CALLERS_MIN = 8;

/** For how long a commit batch is delayed for expected callers. PostgreSQL's `commit_delay`. */
const COMMIT_DELAY_MS = 4;

/**
 * Holds the commands that have arrived and are not applied, within budgets, and collects those that are stored together:
 * the larger the batch, the fewer rows for each of its messages.
 *
 * While many callers are expected to send their next command, the batch is delayed a little for them. A batch of a caller
 * that is alone, or nearly so, is never delayed.
 */
export class CommitBatcher {
  readonly #clock: MachineClock;
  readonly #pendings: Pendings;
  readonly #callers: ExpectedCallers;
  #aloneLeft: number;
  #commands: Incoming[] = [];
  #characters = 0;
  /** The most that the replies to commands that browse can be, in bytes. */
  #browsingBytes = 0;
  /** How many of the commands were held back at the last look. */
  #held = 0;

  /** @param aloneLeft how many of the first commands are committed each in a batch of its own */
  constructor(clock: MachineClock, pendings: Pendings, callers: ExpectedCallers, aloneLeft: number) {
    this.#clock = clock;
    this.#pendings = pendings;
    this.#callers = callers;
    this.#aloneLeft = aloneLeft;
  }

  /** Whether there is no command to apply now. Commands that are held back do not count. */
  get isEmpty(): boolean {
    return this.#commands.length === this.#held;
  }

  /** Whether commands are held back. */
  get isHolding(): boolean {
    return this.#held > 0;
  }

  /** Whether one more command can be taken. If there is no other, it always can. */
  hasRoomFor(command: Command, characters: number): boolean {
    return this.hasMemoryFor(characters) && this.#browsingBytes + browsingBytesOf(command) <= BROWSING_BYTES_MAX;
  }

  /** Whether there is memory for a text of this size. If no command has arrived, there always is. */
  hasMemoryFor(characters: number): boolean {
    const reserve = characters <= SMALL_CHARACTERS ? RESERVE_CHARACTERS : 0;
    return this.#commands.length === 0 || this.#characters + characters <= ARRIVED_CHARACTERS_MAX + reserve;
  }

  /** Gives a command its request id and its part of the memory. It is then added, or given back. */
  take(responder: Responder, command: Command, characters: number, connection?: object): Incoming {
    const requestId = this.#pendings.add(responder, command);
    const isAlone = this.#aloneLeft > 0;
    if (isAlone) this.#aloneLeft -= 1;
    const incoming = { requestId, command, characters, connection, arrivedAt: this.#clock.now(), isAlone };
    this.#count([incoming], +1);
    return incoming;
  }

  /** Adds commands that were taken. */
  add(incoming: readonly Incoming[]): void {
    for (const command of incoming) this.#commands.push(command);
  }

  /** Gives back the memory of commands that were taken and will not be added. */
  giveBack(incoming: readonly Incoming[]): void {
    this.#count(incoming, -1);
  }

  /** Adds commands behind all others that were collected before and could not be applied. */
  addAgain(incoming: readonly Incoming[]): void {
    this.#count(incoming, +1);
    this.add(incoming);
  }

  /** Puts commands before all others: those that were collected and not applied, or are to be applied again. */
  putBack(commands: readonly Incoming[]): void {
    if (commands.length === 0) return;
    this.#commands = [...commands, ...this.#commands];
    this.#count(commands, +1);
  }

  /** Removes the commands of a connection that is gone. Returns them. */
  forget(connection: object): Incoming[] {
    return this.#remove((incoming) => incoming.connection === connection);
  }

  /** Removes the commands with these request ids. */
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

  #count(commands: readonly Incoming[], sign: 1 | -1): void {
    for (const { command, characters } of commands) {
      this.#characters += sign * characters;
      this.#browsingBytes += sign * browsingBytesOf(command);
    }
  }

  /**
   * Waits until the commands that are on their way have arrived, and takes those of one commit batch.
   *
   * @param look is called when they have arrived, and returns which commands are held back
   */
  async collect(look: () => Hold = () => () => undefined): Promise<CommitBatch> {
    // Commands received in the same turn of the event loop share a batch.
    await null;
    const now = this.#clock.now();
    // A caller that is alone does not wait for the event loop.
    if (this.#callers.expected(now) > 0) await this.#settle();
    for (let ms = 0; ms < COMMIT_DELAY_MS && this.#isWorthWaiting(now); ms += 1) {
      await this.#clock.wait(1);
      // If no caller comes back, a few batches later none is expected.
      if (ms === COMMIT_DELAY_MS - 1) this.#callers.giveUpHalf();
    }
    return this.#take(look(), this.#clock.now());
  }

  #isWorthWaiting(now: number): boolean {
    return this.#commands.length < ENOUGH_COMMANDS && this.#callers.expected(now) >= EXPECTED_CALLERS_MIN;
  }

  /** A request takes several turns of the event loop on its way in: while turns bring commands, more may come. */
  async #settle(): Promise<void> {
    let arrived: number;
    do {
      arrived = this.#commands.length;
      await this.#clock.wait(0);
    } while (this.#commands.length > arrived && this.#commands.length < ENOUGH_COMMANDS);
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
}

/** A deletion takes effect at once, not with the commit, so no other command may fail with it. */
function standsAlone({ command, isAlone }: Incoming): boolean {
  return isAlone === true || command.verb === "delete";
}

function browsingBytesOf({ verb }: Command): number {
  return SHOWS_MESSAGES.has(verb) ? LIST_BYTES_MAX : 0;
}
