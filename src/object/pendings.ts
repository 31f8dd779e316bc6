import type { Command } from "../queue/base/commands.ts";
import type { Caller, Pending } from "./caller.ts";

/** A command that waits, and the connection that it came on. */
interface Wait {
  ticket: number;
  command: Command;
  connection?: object | undefined;
}

/** Commands that are not answered yet, by their tickets. */
export class Pendings {
  readonly #byTicket = new Map<number, Pending>();
  #lastTicket = 0;

  get lastTicket(): number {
    return this.#lastTicket;
  }

  /** The tickets of all commands that were applied and are not answered. */
  get appliedTickets(): number[] {
    return [...this.#byTicket.keys()].filter((ticket) => this.wasApplied(ticket));
  }

  newTicket(): number {
    this.#lastTicket += 1;
    return this.#lastTicket;
  }

  /** Gives out no ticket up to this one. */
  skipTickets(ticket: number): void {
    this.#lastTicket = Math.max(this.#lastTicket, ticket);
  }

  add(caller: Caller, command: Command): number {
    const ticket = this.newTicket();
    this.#byTicket.set(ticket, { caller, command });
    return ticket;
  }

  /** Takes up again a command that had its ticket before. */
  restore(ticket: number, caller: Caller, command: Command): void {
    this.#byTicket.set(ticket, { caller, command });
  }

  /** Notes when a command is applied that may wait. False where it waits for nobody: its caller is gone. */
  begin(ticket: number, command: Command, now: number): boolean {
    const pending = this.#byTicket.get(ticket);
    if (pending !== undefined) pending.deadline = now + ("timeoutMs" in command ? command.timeoutMs : 0);
    return pending !== undefined || !isWait(command);
  }

  /** Takes out whoever is to be answered. */
  take(ticket: number): Caller | undefined {
    const pending = this.#byTicket.get(ticket);
    this.#byTicket.delete(ticket);
    return pending?.caller;
  }

  delete(ticket: number): void {
    this.#byTicket.delete(ticket);
  }

  /** Notes that a command is about to be applied anew, as if it never was. */
  undo(ticket: number): void {
    const pending = this.#byTicket.get(ticket);
    if (pending !== undefined) delete pending.deadline;
  }

  /** Whether a command was applied and is not answered. */
  wasApplied(ticket: number): boolean {
    return this.#byTicket.get(ticket)?.deadline !== undefined;
  }

  /**
   * What was applied and not answered, to be applied again to a queue that was loaded anew, with what is left of its
   * time; and what cannot be, because it waits for something that is under way.
   */
  waiting(now: number): { waits: Wait[]; lost: number[] } {
    const waits: Wait[] = [];
    const lost: number[] = [];
    for (const [ticket, { caller, command, deadline }] of this.#byTicket) {
      if (deadline === undefined) continue;
      if (command.verb === "redrive") lost.push(ticket);
      // What a connection waits for that is behind comes back when it has caught up.
      if (!("timeoutMs" in command) || (caller.isBehind && command.verb === "receive")) continue;
      const connection = caller.isBehind === undefined ? undefined : caller;
      waits.push({ ticket, command: { ...command, timeoutMs: Math.max(0, deadline - now) }, connection });
    }
    return { waits, lost };
  }
}

/** Whether this does something for whoever is there to take it, and nothing else. */
function isWait(command: Command): boolean {
  const isTaking = command.verb === "receive" || command.verb === "subscribe";
  return isTaking || ("timeoutMs" in command && command.timeoutMs > 0);
}
