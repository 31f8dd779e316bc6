import { OWNER } from "../../../src/api/keys/principal.ts";
import { socketRequest } from "../../../src/api/object-calls.ts";
import { objectOf } from "../call.ts";
import { SocketReplies } from "../replies.ts";

/** An operation that was sent and has neither been answered nor been given back. */
export interface OpenOperation {
  id: number;
  verb: string;
  /** Whether it may wait for as long as it takes. */
  isWait: boolean;
  /** Whether it is answered only if it cannot be done. */
  isSilent: boolean;
  /** The text that was sent, the lines of its contents included. */
  text: string;
}

/** What a line from the server may have. */
interface ServerLine {
  id?: number;
  reply?: { messages?: { id: string; receipt?: string }[]; ids?: (string | null)[] };
  problem?: unknown;
  push?: { id: string; receipt?: string }[];
  lost?: string[];
  resend?: number[];
}

/** A connection to an object that keeps account of what was asked on it and what was answered. */
export class TrackedSocket {
  readonly #socket: WebSocket;
  readonly #open = new Map<number, OpenOperation>();
  readonly #settled = new Set<number>();
  readonly #replies = new SocketReplies();
  /** Operations that need no answer. */
  readonly #silent = new Set<number>();
  /** Operations that the queue has forgotten, to be sent again. */
  readonly forgotten: OpenOperation[] = [];
  /** What breaks the rule that each operation has one answer. */
  readonly faults: string[] = [];
  /** Frames to be sent in the turns in which something is answered, the first at the next answer. */
  readonly replies: (() => void)[] = [];
  /** Receipts that it was given. */
  readonly receipts: string[] = [];
  /** Ids of messages that it has heard of. */
  readonly messageIds: string[] = [];
  answered = 0;
  isClosed = false;
  /** Set when something was sent for which the other side has to end the connection. */
  isEnding = false;
  /** Called after each frame that comes and when the connection ends. */
  changed: () => void = () => {};

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      for (const line of String(data).split("\n")) this.#hear(JSON.parse(line) as ServerLine);
      this.changed();
    });
    socket.addEventListener("close", () => this.#end());
    socket.addEventListener("error", () => this.#end());
  }

  /** Opens a connection to the object itself, without the Worker in between. */
  static async open(queue: string): Promise<TrackedSocket> {
    const { webSocket } = await objectOf(queue).fetch(socketRequest({ principal: OWNER }));
    if (webSocket === null) throw new Error("This is no socket.");
    const tracked = new TrackedSocket(webSocket);
    webSocket.accept();
    return tracked;
  }

  /** Sends one frame of these operations; `tail` is appended as it is. Nothing is sent when the connection has ended. */
  say(operations: readonly OpenOperation[], tail?: string): void {
    if (this.isClosed) return;
    for (const operation of operations) {
      if (operation.isSilent) {
        this.#silent.add(operation.id);
        continue;
      }
      this.#open.set(operation.id, operation);
      this.#settled.delete(operation.id);
    }
    const texts = operations.map(({ text }) => text);
    this.#send([...texts, ...(tail === undefined ? [] : [tail])].join("\n"));
  }

  /** Sends a frame that cannot be attributed to operations. */
  sayRaw(frame: string | ArrayBuffer): void {
    if (!this.isClosed) this.#send(frame);
  }

  #send(frame: string | ArrayBuffer): void {
    // The other side may have ended the connection in this turn; its event comes in a later one.
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    if (typeof frame === "string") this.#replies.sent(frame);
    this.#socket.send(frame);
  }

  /** Ends the connection from this side: from then on nothing of it is open. */
  end(): void {
    if (this.isClosed) return;
    this.#socket.close(1000);
    this.#end();
  }

  /** What is still to be answered, waits included. */
  get open(): OpenOperation[] {
    return this.isClosed ? [] : [...this.#open.values()];
  }

  /** What has to be answered although nothing else is said. */
  get due(): OpenOperation[] {
    return this.open.filter(({ isWait }) => !isWait);
  }

  #end(): void {
    this.isClosed = true;
    this.changed();
  }

  #hear(line: ServerLine): void {
    const { id, reply, push, resend, problem, lost } = line;
    try {
      this.#replies.check(line);
    } catch (error) {
      this.faults.push(`a line breaks its schema: ${error instanceof Error ? error.message : String(error)}`);
    }
    if (lost?.length === 0) this.faults.push("a line named no lost receipt");
    for (const message of push ?? reply?.messages ?? []) {
      this.messageIds.push(message.id);
      if (message.receipt !== undefined) this.receipts.push(message.receipt);
    }
    for (const forgotten of resend ?? []) {
      const operation = this.#open.get(forgotten);
      this.#settle(forgotten, "named in resend");
      if (operation !== undefined) this.forgotten.push(operation);
    }
    if (id === undefined) return;
    if ((reply === undefined) === (problem === undefined)) this.faults.push(`${id} has no reply or two`);
    for (const messageId of reply?.ids ?? []) if (messageId !== null) this.messageIds.push(messageId);
    this.answered += 1;
    this.#settle(id, "answered");
    this.replies.shift()?.();
  }

  #settle(id: number, how: string): void {
    if (this.#open.delete(id) || this.#silent.delete(id)) this.#settled.add(id);
    else this.faults.push(`${id} was ${how} ${this.#settled.has(id) ? "twice" : "and never asked"}`);
  }
}
