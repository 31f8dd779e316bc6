import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import { SOCKET_WAITS_MAX } from "../../src/contract/limits.ts";
import { SOCKET_PROTOCOL } from "../../src/contract/socket-constants.ts";
import { frameText, type HeavyOperation } from "./heavy-frames.ts";
import type { Tally } from "./tally.ts";

/** What all connections count in. */
export interface Counts {
  /** Operations sent, by verb. */
  operations: Tally;
  /** Answers by `reply`, or the code of the problem. */
  answers: Tally;
  /** The longest time, in milliseconds, that an answer took to an operation that does not wait, by verb. */
  slowestMs: Map<string, number>;
  /** Ends of connections that read, by code. */
  closed: Tally;
  /** What breaks the rules. */
  faults: Tally;
}

interface Open {
  verb: string;
  isWait: boolean;
  sentAt: number;
}

const NEW_LINE = 0x0a;
/** What tells what a line is stands at its beginning; a problem is told whole. */
const HEAD_BYTES = 200;
const VERB_CHARACTERS = 20;
const POLL_MS = 20;
/** How the protocol calls an end without a code. */
const ABNORMAL = 1006;

/** A connection that sends heavy frames and keeps account of what is answered; one that does not read only sends. */
export class HeavyConnection {
  readonly #socket: WebSocket;
  readonly #counts: Counts;
  readonly #open = new Map<number, Open>();
  readonly doesRead: boolean;
  readonly closed: Promise<void>;
  #isClosed = false;
  #isEnding = false;
  #ids = 0;

  private constructor(socket: WebSocket, doesRead: boolean, counts: Counts) {
    this.#socket = socket;
    this.#counts = counts;
    this.doesRead = doesRead;
    // What a connection was sent that does not read comes out when it ends, and says nothing.
    if (doesRead) socket.on("message", (frame: Buffer) => this.#hear(frame));
    socket.on("error", () => undefined);
    this.closed = new Promise((settle) => {
      socket.on("close", (code: number) => {
        this.#isClosed = true;
        if (!this.#isEnding && doesRead) this.#counts.closed.add(String(code));
        if (!this.#isEnding && doesRead && code === ABNORMAL) counts.faults.add("a connection ended without a code");
        settle();
      });
    });
  }

  /** Opens a connection. Throws where that is refused. */
  static async open(url: string, authkey: string, doesRead: boolean, counts: Counts): Promise<HeavyConnection> {
    const headers = { Authorization: `Bearer ${authkey}` };
    const socket = new WebSocket(url, [SOCKET_PROTOCOL], { headers, perMessageDeflate: false });
    const connection = new HeavyConnection(socket, doesRead, counts);
    await once(socket, "open");
    if (!doesRead) socket.pause();
    return connection;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The ids of what waits. */
  get waiting(): number[] {
    return [...this.#open].filter(([, { isWait }]) => isWait).map(([id]) => id);
  }

  /** How many operations are to be answered now: those that may wait only as far as they are too many. */
  get due(): number {
    const waits = this.waiting.length;
    return this.#open.size - waits + Math.max(0, waits - SOCKET_WAITS_MAX);
  }

  /** What has waited longest for its answer, and may not; undefined where there is nothing. */
  oldest(): Open | undefined {
    for (const open of this.#open.values()) if (!open.isWait) return open;
    return undefined;
  }

  /** Sends a frame, and waits until the other side has taken it or the connection has ended. */
  async send(operations: readonly HeavyOperation[]): Promise<void> {
    const firstId = this.#ids;
    this.#ids += operations.length;
    const text = frameText(operations, firstId);
    for (const { verb } of operations) this.#counts.operations.add(verb.slice(0, VERB_CHARACTERS));
    const sentAt = performance.now();
    for (const [index, { verb, isWait = false }] of operations.entries()) {
      if (this.doesRead) this.#open.set(firstId + index, { verb, isWait, sentAt });
    }
    const taken = new Promise<void>((settle) => this.#socket.send(text, () => settle()));
    await Promise.race([taken, this.closed]);
  }

  /**
   * Waits until at most so many answers are due.
   *
   * @param deadlineMs how long any of them may take; what takes longer is a fault, and ends the wait
   */
  async untilDue(most: number, deadlineMs: number): Promise<boolean> {
    for (;;) {
      if (this.#isClosed || this.due <= most) return true;
      const oldest = this.oldest();
      if (oldest !== undefined && performance.now() - oldest.sentAt > deadlineMs) {
        this.#counts.faults.add(`${oldest.verb.slice(0, VERB_CHARACTERS)} was not answered in time`);
        return false;
      }
      await sleep(POLL_MS);
    }
  }

  /** Ends what waits, and waits until all is answered. */
  async finish(deadlineMs: number): Promise<void> {
    if (!this.doesRead || !(await this.untilDue(0, deadlineMs))) return;
    for (let ids = this.waiting; ids.length > 0; ids = ids.slice(SOCKET_WAITS_MAX)) {
      const request = JSON.stringify({ ids: ids.slice(0, SOCKET_WAITS_MAX) });
      await this.send([{ verb: "cancel_wait", request }]);
    }
    // From here on nothing may wait.
    for (const open of this.#open.values()) open.isWait = false;
    await this.untilDue(0, deadlineMs);
  }

  end(): void {
    this.#isEnding = true;
    this.#socket.terminate();
  }

  #hear(frame: Buffer): void {
    for (let begin = 0; begin <= frame.length; ) {
      const found = frame.indexOf(NEW_LINE, begin);
      const end = found < 0 ? frame.length : found;
      this.#hearLine(frame, begin, end);
      begin = end + 1;
    }
  }

  /** Bodies are not looked at: they are most of what comes. */
  #hearLine(frame: Buffer, begin: number, end: number): void {
    const head = frame.toString("latin1", begin, Math.min(end, begin + HEAD_BYTES));
    if (head.startsWith(`{"resend"`)) {
      const { resend } = JSON.parse(frame.toString("latin1", begin, end)) as { resend: number[] };
      for (const id of resend) this.#open.delete(id);
      this.#counts.answers.add("resend", resend.length);
      return;
    }
    const id = /^\{"id":(\d+),/.exec(head)?.[1];
    if (id === undefined) {
      this.#counts.answers.add(head.startsWith(`{"push"`) ? "push" : "end of subscription");
      return;
    }
    const code = head.includes(`"reply":`) ? "reply" : (/"code":"(\w+)"/.exec(head)?.[1] ?? "problem");
    this.#counts.answers.add(code);
    this.#answered(Number(id));
  }

  #answered(id: number): void {
    const open = this.#open.get(id);
    if (open === undefined) {
      this.#counts.faults.add("an operation was answered twice");
      return;
    }
    this.#open.delete(id);
    if (open.isWait) return;
    const verb = open.verb.slice(0, VERB_CHARACTERS);
    const tookMs = performance.now() - open.sentAt;
    this.#counts.slowestMs.set(verb, Math.max(tookMs, this.#counts.slowestMs.get(verb) ?? 0));
  }
}
