import type { Responder } from "../api/responder.ts";
import type { Command } from "../queue/base/commands.ts";

/** A command that is not answered yet. */
interface Pending {
  caller: Responder;
  command: Command;
  /** Until when it may wait, in milliseconds by the queue's clock; undefined until it is applied. */
  deadline?: number;
}

/** A command that waits, and the connection that it came on. */
interface Wait {
  requestId: number;
  command: Command;
  connection?: object | undefined;
}

/** Commands that are not answered yet, by their request ids. */
export class Pendings {
  readonly #byRequestId = new Map<number, Pending>();
  #lastRequestId = 0;

  get lastRequestId(): number {
    return this.#lastRequestId;
  }

  /** The request ids of all commands that were applied and are not answered. */
  get appliedRequestIds(): number[] {
    return [...this.#byRequestId.keys()].filter((requestId) => this.wasApplied(requestId));
  }

  newRequestId(): number {
    this.#lastRequestId += 1;
    return this.#lastRequestId;
  }

  /** Gives out no request id up to this one. */
  skipRequestIds(requestId: number): void {
    this.#lastRequestId = Math.max(this.#lastRequestId, requestId);
  }

  add(caller: Responder, command: Command): number {
    const requestId = this.newRequestId();
    this.#byRequestId.set(requestId, { caller, command });
    return requestId;
  }

  /** Takes up again a command that had its request id before. */
  restore(requestId: number, caller: Responder, command: Command): void {
    this.#byRequestId.set(requestId, { caller, command });
  }

  /** Notes when a command is applied that may wait. False where it waits for nobody: its caller is gone. */
  begin(requestId: number, command: Command, now: number): boolean {
    const pending = this.#byRequestId.get(requestId);
    if (pending !== undefined) pending.deadline = now + ("timeoutMs" in command ? command.timeoutMs : 0);
    return pending !== undefined || !isWait(command);
  }

  /** Takes out whoever is to be answered. */
  take(requestId: number): Responder | undefined {
    const pending = this.#byRequestId.get(requestId);
    this.#byRequestId.delete(requestId);
    return pending?.caller;
  }

  delete(requestId: number): void {
    this.#byRequestId.delete(requestId);
  }

  /** Notes that a command is about to be applied anew, as if it never was. */
  undo(requestId: number): void {
    const pending = this.#byRequestId.get(requestId);
    if (pending !== undefined) delete pending.deadline;
  }

  /** Whether a command was applied and is not answered. */
  wasApplied(requestId: number): boolean {
    return this.#byRequestId.get(requestId)?.deadline !== undefined;
  }

  /**
   * What was applied and not answered, to be applied again to a queue that was loaded anew, with what is left of its
   * time; and what cannot be, because it waits for something that is under way.
   */
  waiting(now: number): { waits: Wait[]; lost: number[] } {
    const waits: Wait[] = [];
    const lost: number[] = [];
    for (const [requestId, { caller, command, deadline }] of this.#byRequestId) {
      if (deadline === undefined) continue;
      if (command.verb === "redrive") lost.push(requestId);
      // What a connection waits for that is behind comes back when it has caught up.
      if (!("timeoutMs" in command) || (caller.isBehind && command.verb === "receive")) continue;
      const connection = caller.isBehind === undefined ? undefined : caller;
      waits.push({ requestId, command: { ...command, timeoutMs: Math.max(0, deadline - now) }, connection });
    }
    return { waits, lost };
  }
}

/** Whether this does something for whoever is there to take it, and nothing else. */
function isWait(command: Command): boolean {
  const isTaking = command.verb === "receive" || command.verb === "subscribe";
  return isTaking || ("timeoutMs" in command && command.timeoutMs > 0);
}
