import { BLOCK_MESSAGES_MAX } from "../queue/block.ts";
import type { Command } from "../queue/commands.ts";

export interface Incoming {
  ticket: number;
  command: Command;
}

/** Callers beyond these are in the round after, so that a stream of commands without end is answered too. */
const COMMANDS_MAX = 1_000;

/** As many as share a row. More would not make it cheaper, and could be under way while these are stored. */
const ENOUGH = BLOCK_MESSAGES_MAX;

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
export class NextRound {
  #commands: Incoming[] = [];
  /** How many were answered and have not been back. An estimate: nobody knows if they come. */
  #absent = 0;
  #answeredAt = 0;

  get isEmpty(): boolean {
    return this.#commands.length === 0;
  }

  /**
   * Adds what one caller sends at a time; nothing where he is gone.
   *
   * @param isBack whether this may be one of those who were answered
   */
  add(incoming: readonly Incoming[], isBack: boolean): void {
    for (const command of incoming) this.#commands.push(command);
    if (isBack) this.#absent = Math.max(0, this.#absent - 1);
  }

  /** To be told how many more callers were answered, and may come back with something new. */
  answered(callers: number): void {
    this.#absent += callers;
    if (callers > 0) this.#answeredAt = Date.now();
  }

  /** Waits until everything has arrived that is on its way, and takes it. */
  async gather(): Promise<Incoming[]> {
    // Who calls in the same turn is of the same round.
    await null;
    if (Date.now() - this.#answeredAt > AWAY_MS) this.#absent = 0;
    // Nobody else is expected: whoever is alone must not wait for the event loop.
    if (this.#absent > 0) await this.#settle();
    for (let ms = 0; ms < LINGER_MS && this.#absent >= CROWD && this.#commands.length < ENOUGH; ms += 1) {
      await scheduler.wait(1);
      // Some will not come back. Where nobody does, a few rounds later nobody is waited for.
      if (ms === LINGER_MS - 1) this.#absent >>= 1;
    }
    return this.#commands.splice(0, COMMANDS_MAX);
  }

  /** A request takes several turns of the event loop on its way in, so as long as turns bring some, more may come. */
  async #settle(): Promise<void> {
    let arrived: number;
    do {
      arrived = this.#commands.length;
      await scheduler.wait(0);
    } while (this.#commands.length > arrived && this.#commands.length < ENOUGH);
  }
}
