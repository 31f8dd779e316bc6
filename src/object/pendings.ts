import type { Responder } from "../api/responder.ts";
import type { Command } from "../queue/base/commands.ts";

/** A command that is not answered yet. */
interface Pending {
  responder: Responder;
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

  /** Gives out no request id up to this one, which another command has. */
  skipRequestIds(requestId: number): void {
    this.#lastRequestId = Math.max(this.#lastRequestId, requestId);
  }

  add(responder: Responder, command: Command): number {
    const requestId = this.newRequestId();
    this.#byRequestId.set(requestId, { responder, command });
    return requestId;
  }

  /** Restores a command that has its request id already. */
  restore(requestId: number, responder: Responder, command: Command): void {
    this.#byRequestId.set(requestId, { responder, command });
  }

  /** Notes that a command is applied. Returns false if it must not be, because its caller is gone. */
  begin(requestId: number, command: Command, now: number): boolean {
    const pending = this.#byRequestId.get(requestId);
    if (pending !== undefined) pending.deadline = now + ("timeoutMs" in command ? command.timeoutMs : 0);
    return pending !== undefined || !isWait(command);
  }

  /** Removes a command and returns its responder; undefined if it has none any more. */
  take(requestId: number): Responder | undefined {
    const pending = this.#byRequestId.get(requestId);
    this.#byRequestId.delete(requestId);
    return pending?.responder;
  }

  delete(requestId: number): void {
    this.#byRequestId.delete(requestId);
  }

  /** Notes that a command was not applied after all. */
  undo(requestId: number): void {
    const pending = this.#byRequestId.get(requestId);
    if (pending !== undefined) delete pending.deadline;
  }

  /** Whether a command was applied and is not answered. */
  wasApplied(requestId: number): boolean {
    return this.#byRequestId.get(requestId)?.deadline !== undefined;
  }

  /**
   * The commands that were applied and are not answered, after the queue was loaded again.
   *
   * @returns `waits`, to be applied again with what is left of their time, and `lost`, which cannot be applied again
   * because they wait for a transfer that is under way
   */
  waiting(now: number): { waits: Wait[]; lost: number[] } {
    const waits: Wait[] = [];
    const lost: number[] = [];
    for (const [requestId, { responder, command, deadline }] of this.#byRequestId) {
      if (deadline === undefined) continue;
      if (command.verb === "redrive") lost.push(requestId);
      // A receive of a connection that is behind is applied again when the connection has caught up.
      if (!("timeoutMs" in command) || (responder.isBehind && command.verb === "receive")) continue;
      const connection = responder.isBehind === undefined ? undefined : responder;
      waits.push({ requestId, command: { ...command, timeoutMs: Math.max(0, deadline - now) }, connection });
    }
    return { waits, lost };
  }
}

/** Whether a command does nothing but wait, or hand out messages: of no use if its caller is gone. */
function isWait(command: Command): boolean {
  const isTaking = command.verb === "receive" || command.verb === "subscribe";
  return isTaking || ("timeoutMs" in command && command.timeoutMs > 0);
}
