import { DurableObject } from "cloudflare:workers";
import { ProblemError } from "../api/check/problem-error.ts";
import { commandOf } from "../api/command-of.ts";
import { OWNER } from "../api/keys/principal.ts";
import { type AskContext, connectionIn, type QueueCalls, type Transfer } from "../api/object-calls.ts";
import { type Reply, refusalOf, replyOf } from "../api/reply.ts";
import type { Responder } from "../api/responder.ts";
import type { CallVerb, Verb } from "../api/verbs/index.ts";
import { API_VERSION } from "../contract/version.ts";
import type { ServerEnv } from "../env.ts";
import { MachineClock } from "../machine-clock.ts";
import { Pump } from "../push/pump.ts";
import { Targets } from "../push/targets.ts";
import type { Command } from "../queue/base/commands.ts";
import {
  BadFrame,
  commandOf as commandOfOperation,
  type Operation,
  operationsOf,
  putCommandsOf,
} from "../socket/operations.ts";
import type { Session } from "../socket/session.ts";
import { Sessions } from "../socket/sessions.ts";
import { CommitBatcher, type Incoming } from "./commit-batcher.ts";
import { CommitLoop } from "./commit-loop.ts";
import { ExpectedCallers, HTTP_CALLERS } from "./expected-callers.ts";
import { Pendings } from "./pendings.ts";
import { queueLog } from "./queue-log.ts";
import { addVerbCalls } from "./verb-calls.ts";

/** The close code of a connection on whose frame the server failed (RFC 6455: an unexpected condition). */
const UNEXPECTED = 1011;

/** The most characters of a close reason: RFC 6455 allows 123 bytes. */
const REASON_CHARACTERS_MAX = 120;

const OVERLOADED = "The queue has no memory left for commands. This was not applied; try again in a moment.";

const OVERLOADED_REPLY: Reply = { ok: false, code: "overloaded", detail: OVERLOADED };

const NEWER_TRANSFER = "It runs an older version of the server than the queue that sends them.";

/** What the consumer of a batch may ask of its queue. What becomes of messages is in its answer. */
const ASKED_FOR_BATCHES: ReadonlySet<string> = new Set(["extend", "progress", "announce"]);

/** About what a command takes of memory beside the text in it, in characters. */
const COMMAND_CHARACTERS = 256;

/** One named queue: receives commands over RPC and over its sockets, and submits them to its commit loop. */
export class QueueObject<Env extends object = object> extends DurableObject<Env> implements Omit<QueueCalls, CallVerb> {
  readonly #name: string;
  readonly #env: ServerEnv;
  readonly #clock: MachineClock;
  readonly #sessions: Sessions;
  readonly #pendings = new Pendings();
  readonly #callers = new ExpectedCallers();
  readonly #batcher: CommitBatcher;
  readonly #loop: CommitLoop;
  /** The request ids of calls that wait, by their wait ids: see `abandon`. */
  readonly #requestIdByWait = new Map<string, number>();

  /** @param clock is passed by tests alone: the platform passes two arguments */
  constructor(ctx: DurableObjectState, env: ServerEnv<Env>, clock: MachineClock = new MachineClock()) {
    super(ctx, env.worker);
    this.#name = ctx.id.name ?? "";
    this.#env = env;
    this.#clock = clock;
    this.#sessions = new Sessions(ctx, clock);
    const aloneLeft = env.server.isolate.recentFailures.take(this.#name, this.#clock.now());
    this.#batcher = new CommitBatcher(clock, this.#pendings, this.#callers, aloneLeft);
    const arrivals = {
      sessions: this.#sessions,
      pendings: this.#pendings,
      batcher: this.#batcher,
      callers: this.#callers,
    };
    const ask = (verb: string, request: unknown) => this.#askForBatch(verb, request);
    const targets = new Targets(this.#name, env, ask, () => clock.now());
    const pump = new Pump(
      {
        name: this.#name,
        get storageBytes() {
          return ctx.storage.sql.databaseSize;
        },
        targetOf: (configuration) => targets.of(configuration),
        submit: (commands) => this.#loop.submitInternal(commands),
        keepAlive: (work) => ctx.waitUntil(work),
        log: (message) => queueLog(env.server.log, this.#name)("push_failed", message),
      },
      clock,
    );
    this.#loop = new CommitLoop(ctx, env, clock, arrivals, pump);
    // Nothing is heard, and nothing is handed out, before it is known that the keys of open connections still count.
    if (this.#sessions.size > 0) void ctx.blockConcurrencyWhile(() => this.#closeUngranted());
  }

  async #closeUngranted(): Promise<void> {
    const grantOf = await this.#env.server.isolate.keys.grants(this.#env, this.#name, this.#clock.now());
    for (const session of this.#sessions.closeUngranted(grantOf)) this.#loop.leave(session);
  }

  ask(verb: string, request: unknown, { waitId, version, ...asking }: AskContext): Promise<Reply> {
    // Before anything is parsed.
    const characters = typeof request === "string" ? COMMAND_CHARACTERS + request.length : undefined;
    if (characters !== undefined && !this.#batcher.hasMemoryFor(characters)) return Promise.resolve(OVERLOADED_REPLY);
    try {
      const { allowsPrivateWebhooks } = this.#env;
      const context = { queue: this.#name, now: this.#clock.now(), allowsPrivateWebhooks, ...asking };
      const command = commandOf(verb, request, context, version);
      return this.#submit(verb as Verb, command, { characters: characters ?? charactersOf(command), waitId });
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      return Promise.resolve(refusalOf(error));
    }
  }

  /** What the consumer of a batch may ask about its messages. */
  #askForBatch(verb: string, request: unknown): Promise<Reply> {
    if (ASKED_FOR_BATCHES.has(verb)) return this.ask(verb, request, { principal: OWNER });
    const detail = `A consumer may ask for ${[...ASKED_FOR_BATCHES].join(", ")} while it handles a batch, not for ${verb}.`;
    return Promise.resolve({ ok: false, code: "forbidden", detail });
  }

  receiveTransfer({ version, ...transfer }: Transfer): Promise<Reply> {
    // What this version does not know of the messages would be lost. The sender sends them again.
    if (version > API_VERSION) return Promise.resolve({ ok: false, code: "version_mismatch", detail: NEWER_TRANSFER });
    const command = { verb: "receive_transfer", ...transfer } as const;
    const characters = charactersOf(command);
    if (!this.#batcher.hasRoomFor(command, characters)) return Promise.resolve(OVERLOADED_REPLY);
    return new Promise((resolve) => {
      const answer: Responder["answer"] = (_, result) => {
        const { code, detail } = result.verb === "refused" ? result : {};
        resolve(code === undefined || detail === undefined ? { ok: true, json: "{}" } : { ok: false, code, detail });
      };
      // The sender does not wait for the reply before it sends the next.
      this.#loop.submit([this.#batcher.take({ answer }, command, characters)]);
    });
  }

  #submit(
    verb: Verb,
    command: Command,
    { characters, waitId }: { characters: number; waitId: string | undefined },
  ): Promise<Reply> {
    if (!this.#batcher.hasRoomFor(command, characters)) return Promise.resolve(OVERLOADED_REPLY);
    return new Promise((resolve) => {
      const answer: Responder["answer"] = (_, result, queueInfo) => {
        this.#callers.answered(HTTP_CALLERS, this.#clock.now());
        if (waitId !== undefined) this.#requestIdByWait.delete(waitId);
        resolve(replyOf(verb, result, queueInfo));
      };
      const incoming = this.#batcher.take({ answer }, command, characters);
      if (waitId !== undefined) this.#requestIdByWait.set(waitId, incoming.requestId);
      this.#callers.asked(HTTP_CALLERS);
      this.#loop.submit([incoming]);
    });
  }

  abandon(waitId: string): void {
    const requestId = this.#requestIdByWait.get(waitId);
    if (requestId !== undefined)
      this.#loop.submitInternal([
        { command: { verb: "cancel_wait", requestIds: [requestId] }, answer: () => undefined },
      ]);
  }

  override async fetch(request: Request): Promise<Response> {
    const connection = connectionIn(request);
    const client = this.#sessions.open(this.#pendings.newRequestId(), connection);
    // The alarm that closes it when its key ends is planned with a commit batch.
    if (connection.principal.endsAt !== undefined) this.#loop.wake();
    return new Response(null, { status: 101, webSocket: client });
  }

  /**
   * Called by the platform with each frame, also if the object has to be loaded for it. An operation that is wrong is
   * answered with its problem. A frame that is wrong, or on which the server fails, closes the connection, so that its
   * client knows that nothing in it was applied.
   */
  override webSocketMessage(socket: WebSocket, frame: string | ArrayBuffer): void {
    const session = this.#sessions.of(socket);
    if (session === undefined) return;
    // The alarm that closes it may be late, and a queue that does not exist has none.
    if (this.#sessions.closeIfEnded(session)) {
      this.#loop.leave(session);
      return;
    }
    try {
      this.#hear(frame, session);
    } catch (error) {
      const isBadFrame = error instanceof BadFrame;
      if (!isBadFrame) queueLog(this.#env.server.log, this.#name)("internal", "a frame failed.", error);
      const reason = isBadFrame ? error.message : "The server failed on this frame. Nothing in it was applied.";
      socket.close(isBadFrame ? error.closeCode : UNEXPECTED, reason.slice(0, REASON_CHARACTERS_MAX));
      this.#leave(socket);
    }
  }

  override webSocketClose(socket: WebSocket, code: number): void {
    this.#leave(socket);
    // 1005 and 1006 mean an end without a code, and cannot be sent.
    socket.close(code === 1005 || code === 1006 ? 1000 : code);
  }

  override webSocketError(socket: WebSocket): void {
    this.#leave(socket);
  }

  #hear(frame: string | ArrayBuffer, session: Session): void {
    const operations = operationsOf(frame);
    const hasRoom = this.#batcher.hasMemoryFor(frame instanceof ArrayBuffer ? frame.byteLength : frame.length);
    const incoming: Incoming[] = [];
    try {
      for (const operation of operations) {
        if (!hasRoom) session.refuse(operation.id, new ProblemError("overloaded", OVERLOADED));
        else this.#takeUp(operation, session, incoming);
      }
    } catch (error) {
      // A frame is submitted as a whole or not at all.
      this.#loop.drop(incoming);
      throw error;
    }
    this.#loop.heard(session);
    this.#callers.asked(session.subscriber);
    this.#loop.submit(incoming);
    // Refusals need no commit, and perhaps none follows that would send them.
    this.#loop.replies.flush();
  }

  #takeUp(operation: Operation, session: Session, incoming: Incoming[]): void {
    const { principal } = session.peer;
    const context = {
      ...{ queue: this.#name, principal, connection: session },
      allowsPrivateWebhooks: this.#env.allowsPrivateWebhooks,
      ...{ idempotencyKey: operation.key, now: this.#clock.now() },
    };
    try {
      if (operation.fault !== undefined) throw operation.fault;
      const nextRequestId = this.#pendings.lastRequestId + 1;
      if (operation.keys !== undefined) {
        const commands = putCommandsOf(operation, context);
        const puts = session.sharedPuts(nextRequestId, operation.id, commands.length);
        const each = COMMAND_CHARACTERS / commands.length;
        for (const command of commands)
          incoming.push(this.#batcher.take(puts, command, Math.ceil(each + textOf(command)), session));
        return;
      }
      const command = commandOfOperation(operation, context);
      const characters = COMMAND_CHARACTERS + textOf(command);
      if (!this.#batcher.hasRoomFor(command, characters)) throw new ProblemError("overloaded", OVERLOADED);
      session.begin(nextRequestId, { id: operation.id, verb: operation.verb as Verb }, command);
      incoming.push(this.#batcher.take(session, command, characters, session));
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      session.refuse(operation.id, error);
    }
  }

  /** Ends all waits of a closed connection. */
  #leave(socket: WebSocket): void {
    const session = this.#sessions.close(socket);
    if (session !== undefined) this.#loop.leave(session);
  }

  /** Called by the platform at the time that was set, also after a crash. */
  override alarm(): Promise<void> {
    return this.#loop.alarm();
  }
}

/** About what a command takes of memory whose request was no text. */
function charactersOf(command: Command): number {
  const isMany = command.verb === "put" || command.verb === "receive_transfer";
  return COMMAND_CHARACTERS * (isMany ? command.messages.length : 1) + textOf(command);
}

/**
 * The contents and headers in a command, in characters. Headers count for each of the messages that have them, also if
 * they came once for all: each is stored with its own.
 */
function textOf(command: Command): number {
  if (command.verb === "change") return lengthOf(command.changes);
  if (command.verb === "progress") return command.progress.length;
  if (command.verb === "ack") return (command.results ?? []).reduce((sum, result) => sum + result.length, 0);
  if (command.verb === "announce") return JSON.stringify(command.tasks).length;
  if (command.verb === "retry" || command.verb === "reject") {
    return JSON.stringify(command.error ?? "").length * command.receipts.length;
  }
  if (command.verb !== "put" && command.verb !== "receive_transfer") return 0;
  return command.messages.reduce((sum, message) => sum + lengthOf(message), 0);
}

function lengthOf({ content, headers }: { content?: string | undefined; headers?: string | null | undefined }): number {
  return (content?.length ?? 0) + (headers?.length ?? 0);
}

addVerbCalls(QueueObject.prototype);
