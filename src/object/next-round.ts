import type { Command } from "../queue/commands.ts";

export interface Incoming {
  ticket: number;
  command: Command;
}

/** Callers beyond these are in the round after, so that a stream of commands without end is answered too. */
const COMMANDS_MAX = 1_000;

/** With fewer than these to come back, nobody is kept waiting for them. */
const CROWD = 8;

/** How long a crowd is waited for. */
const LINGER_MS = 4;

/**
 * Collects the commands that will be stored together: the larger the group, the fewer rows for each of its messages.
 *
 * Most callers make one call after the other, so whoever was just answered is likely to be back in a moment. While
 * many are about to come back, the group waits for them a little. Who is alone, or nearly so, is never waited for.
 * PostgreSQL has the same idea in `commit_delay` and `commit_siblings`.
 */
export class NextRound {
  #commands: Incoming[] = [];
  /** How many were answered and have not been back. An estimate: nobody knows who they are, or if they come. */
  #absent = 0;

  get isEmpty(): boolean {
    return this.#commands.length === 0;
  }

  /** Adds what one caller sends at a time. */
  add(incoming: readonly Incoming[]): void {
    for (const command of incoming) this.#commands.push(command);
    this.#absent = Math.max(0, this.#absent - 1);
  }

  /** To be told how many callers have their answers. */
  answered(callers: number): void {
    this.#absent += callers;
  }

  /** Waits until everything has arrived that is on its way, and takes it. */
  async gather(): Promise<Incoming[]> {
    await this.#settle();
    for (let ms = 0; ms < LINGER_MS && this.#absent >= CROWD && this.#commands.length < COMMANDS_MAX; ms += 1) {
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
    } while (this.#commands.length > arrived && arrived < COMMANDS_MAX);
  }
}
