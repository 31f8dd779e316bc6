import type { MachineClock } from "../machine-clock.ts";
import type { Command } from "../queue/commands.ts";
import type { Caller } from "./caller.ts";
import type { Incoming, NextRound } from "./next-round.ts";
import type { Pendings } from "./pendings.ts";

/** How commands come in: each gets a ticket, and its part of the memory for what has arrived. */
export class Intake {
  readonly #pendings: Pendings;
  readonly #nextRound: NextRound;
  readonly #clock: MachineClock;
  #aloneLeft: number;

  /** @param aloneLeft how many of the first commands are committed each by itself */
  constructor(pendings: Pendings, nextRound: NextRound, clock: MachineClock, aloneLeft: number) {
    this.#pendings = pendings;
    this.#nextRound = nextRound;
    this.#clock = clock;
    this.#aloneLeft = aloneLeft;
  }

  /** The last ticket that was given out. */
  get lastTicket(): number {
    return this.#pendings.lastTicket;
  }

  /** A number that no other ticket has. */
  newTicket(): number {
    return this.#pendings.newTicket();
  }

  /** Whether one more command can be taken in. */
  hasRoomFor(command: Command, characters: number): boolean {
    return this.#nextRound.hasRoomFor(command, characters);
  }

  /** Whether the memory for what has arrived has room for so much more text. */
  hasMemoryFor(characters: number): boolean {
    return this.#nextRound.hasMemoryFor(characters);
  }

  /** Notes that a command is to be answered, and makes of it what is to be submitted, or dropped. */
  take(caller: Caller, command: Command, characters: number, connection?: object): Incoming {
    const ticket = this.#pendings.add(caller, command);
    const isAlone = this.#aloneLeft > 0;
    if (isAlone) this.#aloneLeft -= 1;
    const incoming = { ticket, command, characters, connection, arrivedAt: this.#clock.now(), isAlone };
    this.#nextRound.reserve(incoming);
    return incoming;
  }

  /** Commands that were taken up and could not be applied come in once more. */
  again(commands: readonly Incoming[]): readonly Incoming[] {
    for (const incoming of commands) this.#nextRound.reserve(incoming);
    return commands;
  }

  /** To be told that so many callers were answered who may have something new. */
  answered(callers: number): void {
    this.#nextRound.answered(callers);
  }
}
