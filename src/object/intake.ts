import type { MachineClock } from "../machine-clock.ts";
import type { Command } from "../queue/base/commands.ts";
import type { Responder } from "./caller.ts";
import type { CommitBatcher, Incoming } from "./commit-batcher.ts";
import type { Pendings } from "./pendings.ts";

/** How commands come in: each gets a request id, and its part of the memory for what has arrived. */
export class Intake {
  readonly #pendings: Pendings;
  readonly #batcher: CommitBatcher;
  readonly #clock: MachineClock;
  #aloneLeft: number;

  /** @param aloneLeft how many of the first commands are committed each by itself */
  constructor(pendings: Pendings, batcher: CommitBatcher, clock: MachineClock, aloneLeft: number) {
    this.#pendings = pendings;
    this.#batcher = batcher;
    this.#clock = clock;
    this.#aloneLeft = aloneLeft;
  }

  /** The last request id that was given out. */
  get lastRequestId(): number {
    return this.#pendings.lastRequestId;
  }

  /** A number that no other request id has. */
  newRequestId(): number {
    return this.#pendings.newRequestId();
  }

  /** Whether one more command can be taken in. */
  hasRoomFor(command: Command, characters: number): boolean {
    return this.#batcher.hasRoomFor(command, characters);
  }

  /** Whether the memory for what has arrived has room for so much more text. */
  hasMemoryFor(characters: number): boolean {
    return this.#batcher.hasMemoryFor(characters);
  }

  /** Notes that a command is to be answered, and makes of it what is to be submitted, or dropped. */
  take(caller: Responder, command: Command, characters: number, connection?: object): Incoming {
    const requestId = this.#pendings.add(caller, command);
    const isAlone = this.#aloneLeft > 0;
    if (isAlone) this.#aloneLeft -= 1;
    const incoming = { requestId, command, characters, connection, arrivedAt: this.#clock.now(), isAlone };
    this.#batcher.reserve(incoming);
    return incoming;
  }

  /** Commands that were taken up and could not be applied come in once more. */
  again(commands: readonly Incoming[]): readonly Incoming[] {
    for (const incoming of commands) this.#batcher.reserve(incoming);
    return commands;
  }

  /** To be told that so many callers were answered who may have something new. */
  answered(callers: number): void {
    this.#batcher.answered(callers);
  }
}
