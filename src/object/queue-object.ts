import { DurableObject } from "cloudflare:workers";
import type { Env } from "../env.ts";
import { MachineClock } from "../machine-clock.ts";
import type { Command } from "../queue/base/commands.ts";
import { ProblemError } from "../requests/problem.ts";
import { BadFrame, type Operation, operationsOf } from "../socket/frames.ts";
import type { Session } from "../socket/session.ts";
import { Sessions } from "../socket/sessions.ts";
import { commandOf, putCommandsOf } from "../socket/verbs.ts";
import type { Responder } from "./caller.ts";
import type { Incoming } from "./commit-batcher.ts";
import { CommitLoop } from "./commit-loop.ts";
import { type Reply, replyOf } from "./reply.ts";

/** Why a connection is closed on whose frame the server failed (RFC 6455: an unexpected condition). */
const UNEXPECTED = 1011;

const OVERLOADED = "The queue has more to apply than its memory holds. This was not applied: try again in a moment.";

/** About what a command takes beside the text in it. */
const COMMAND_CHARACTERS = 256;

/** One named queue: what arrives, whichever way it comes, goes from here to its commit loop. */
export class QueueObject extends DurableObject<Env> {
  readonly #name: string;
  readonly #clock: MachineClock;
  readonly #sessions: Sessions;
  readonly #loop: CommitLoop;
  /** Calls that wait, by the ids that their Worker gave them, so that it can say that their clients are gone. */
  readonly #requestIdByWait = new Map<string, number>();

  /** @param clock is given by tests alone: the platform passes two arguments */
  constructor(ctx: DurableObjectState, env: Env, clock: MachineClock = new MachineClock()) {
    super(ctx, env);
    this.#name = ctx.id.name ?? "";
    this.#clock = clock;
    this.#sessions = new Sessions(ctx, clock);
    this.#loop = new CommitLoop(ctx, env, clock, this.#sessions);
  }

  /**
   * Applies a command. The promise is kept when its outcome is known and durable, after a wait if it is to wait.
   *
   * @param waitId under which the wait can be ended by `abandon`
   */
  perform(command: Command, waitId?: string): Promise<Reply> {
    const characters = charactersOf(command);
    if (!this.#loop.intake.hasRoomFor(command, characters)) {
      return Promise.resolve({ ok: false, code: "overloaded", detail: OVERLOADED });
    }
    return new Promise((resolve) => {
      const answer: Responder["answer"] = (_, ...result) => {
        this.#loop.intake.answered(1);
        if (waitId !== undefined) this.#requestIdByWait.delete(waitId);
        resolve(replyOf(...result));
      };
      const incoming = this.#loop.intake.take({ answer }, command, characters);
      if (waitId !== undefined) this.#requestIdByWait.set(waitId, incoming.requestId);
      this.#loop.submit([incoming], true);
    });
  }

  /** Ends the wait of a call whose client is gone: it is answered as if its time were over. */
  abandon(waitId: string): void {
    const requestId = this.#requestIdByWait.get(waitId);
    if (requestId === undefined) return;
    const nobody: Responder = { answer: () => undefined };
    this.#loop.submit([this.#loop.intake.take(nobody, { verb: "cancel_wait", requestIds: [requestId] }, 0)], false);
  }

  /** Opens a WebSocket. The request was looked at by the Worker. */
  override async fetch(): Promise<Response> {
    const client = this.#sessions.open(this.#loop.intake.newRequestId());
    return new Response(null, { status: 101, webSocket: client });
  }

  /**
   * Called by the platform with each frame, also if the object has to be brought back to memory for it. What goes wrong
   * with one operation is answered; a frame that is not understood, or on which the server fails, ends the connection,
   * so that its client knows that nothing in it was applied.
   */
  override webSocketMessage(socket: WebSocket, frame: string | ArrayBuffer): void {
    const session = this.#sessions.of(socket);
    if (session === undefined) return;
    try {
      this.#hear(frame, session);
    } catch (error) {
      const isBadFrame = error instanceof BadFrame;
      if (!isBadFrame) console.error(`The queue ${this.#name} failed on a frame.`, error);
      const reason = isBadFrame ? error.message : "The server failed on this frame. Nothing in it was applied.";
      socket.close(isBadFrame ? error.closeCode : UNEXPECTED, reason.slice(0, 120));
      this.#leave(socket);
    }
  }

  override webSocketClose(socket: WebSocket, code: number): void {
    this.#leave(socket);
    // 1005 and 1006 stand for an end without a code, and cannot be said.
    socket.close(code === 1005 || code === 1006 ? 1000 : code);
  }

  override webSocketError(socket: WebSocket): void {
    this.#leave(socket);
  }

  #hear(frame: string | ArrayBuffer, session: Session): void {
    const operations = operationsOf(frame);
    const hasRoom = this.#loop.intake.hasMemoryFor(frame instanceof ArrayBuffer ? frame.byteLength : frame.length);
    const incoming: Incoming[] = [];
    try {
      for (const operation of operations) {
        if (!hasRoom) session.refuse(operation.id, new ProblemError("overloaded", OVERLOADED));
        else this.#takeUp(operation, session, incoming);
      }
    } catch (error) {
      // Nothing of a frame is applied that could not be taken up as a whole.
      this.#loop.drop(incoming);
      throw error;
    }
    this.#loop.heard(session);
    this.#loop.submit(incoming, session.comesBack());
    // A refusal needs no commit, and none may follow that would carry it.
    this.#loop.intake.answered(this.#sessions.flush());
  }

  #takeUp(operation: Operation, session: Session, incoming: Incoming[]): void {
    const context = { queue: this.#name, idempotencyKey: operation.key, now: this.#clock.now() };
    try {
      if (operation.fault !== undefined) throw operation.fault;
      const characters = operation.contents.reduce((sum, line) => sum + line.length, COMMAND_CHARACTERS);
      const nextRequestId = this.#loop.intake.lastRequestId + 1;
      if (operation.keys !== undefined) {
        const commands = putCommandsOf(operation, context.now);
        const puts = session.sharedPuts(nextRequestId, operation.id, commands.length);
        const each = Math.ceil(characters / commands.length);
        for (const command of commands) incoming.push(this.#loop.intake.take(puts, command, each, session));
        return;
      }
      const command = commandOf(operation, context, session);
      if (!this.#loop.intake.hasRoomFor(command, characters)) throw new ProblemError("overloaded", OVERLOADED);
      session.begin(nextRequestId, operation.id, command);
      incoming.push(this.#loop.intake.take(session, command, characters, session));
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      session.refuse(operation.id, error);
    }
  }

  /** Whoever is gone waits for nothing any more. */
  #leave(socket: WebSocket): void {
    const session = this.#sessions.close(socket);
    if (session !== undefined) this.#loop.leave(session);
  }

  /** Called by the platform at the time that was set, also after a crash. */
  override alarm(): Promise<void> {
    return this.#loop.alarm();
  }
}

function charactersOf(command: Command): number {
  if (command.verb !== "put" && command.verb !== "receive_transfer") return COMMAND_CHARACTERS;
  return command.messages.reduce((sum, { content }) => sum + content.length + COMMAND_CHARACTERS, 0);
}
