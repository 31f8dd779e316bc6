import type { ServerLine } from "../../../src/api/types.ts";
import { PING, PONG } from "../../../src/contract/socket-constants.ts";
import { QueueError } from "../base/errors.ts";
import { afterReading, Timer } from "../base/platform.ts";
import { linesOf } from "./frame-lines.ts";
import { openWire } from "./open-wire.ts";
import type { ConnectFailure, Opening, Target, Wire } from "./wire.ts";

/** How long an opening may take, in milliseconds, including a page that comes in place of a socket. */
const OPENING_MS = 10_000;
/** After this long without a byte, in milliseconds, a ping is sent. */
export const SILENCE_MS = 5_000;
/** After this long without an answer to the ping, in milliseconds, the connection is given up. */
export const PONG_MS = 5_000;
/** A timer that is this late, in milliseconds, was delayed by the process or the machine: what came is not read yet. */
const LATE_MS = 1_000;
/** How often in a row a late timer only asks again. */
const LATE_TIMES_MAX = 3;

/** Receives the events of a link. */
export interface LinkEvents {
  /** Called once, unless `connectFailed` is. */
  opened(link: SocketLink): void;
  connectFailed(failure: ConnectFailure): void;
  /** A line came. */
  heard(line: ServerLine): void;
  /** The connection is gone. Called once, after `opened`. */
  lost(link: SocketLink, cause: Error): void;
  /** Called at an interval while an answer is awaited. */
  tick(): void;
}

/** Begins to open a link. The result gives it up; then no event follows. */
export function openLink(target: Target, events: LinkEvents): () => void {
  let opening: Opening | undefined;
  let link: SocketLink | undefined;
  let isOver = false;
  const refuse = (failure: ConnectFailure) => {
    if (isOver) return;
    isOver = true;
    timer.clear();
    events.connectFailed(failure);
  };
  const timer = new Timer(OPENING_MS, () => {
    if (opening?.giveUp()) return;
    refuse({ kind: "dropped", cause: new QueueError("It took too long to connect.", { code: "timeout" }) });
  });
  const whenOpen = openWire(target, {
    opened(wire) {
      if (isOver) {
        wire.terminate();
        return;
      }
      isOver = true;
      timer.clear();
      link = new SocketLink(wire, events);
      events.opened(link);
    },
    connectFailed: refuse,
    frame: (text) => link?.frame(text),
    closed: (reason) => link?.ended(reason),
  });
  whenOpen.then(
    (begun) => {
      opening = begun;
      if (isOver && link === undefined) begun.giveUp();
    },
    (cause: Error) => refuse({ kind: "failed", cause }),
  );
  return () => {
    if (isOver) return;
    isOver = true;
    timer.clear();
    opening?.giveUp();
  };
}

/** One open connection to a queue. It ends when a frame is not of a durable-queue server, or when no byte comes. */
export class SocketLink {
  readonly #wire: Wire;
  readonly #events: LinkEvents;
  /** When the last frame came; 0 if none did. */
  heardAt = 0;
  #wasUsed = false;
  #isForeign = false;
  #isOver = false;
  #isBusy = true;
  /** When the last sign of life was noticed, and `life` of the wire then. */
  #aliveAt = performance.now();
  #life: number;
  /** Whether a frame came since then. */
  #hasHeard = false;
  /** When the unanswered ping was sent; undefined if there is none. */
  #askedAt: number | undefined;
  #lateTimes = 0;
  /** When the timer is due. */
  #dueAt = 0;
  #timer: Timer | undefined;

  constructor(wire: Wire, events: LinkEvents) {
    this.#wire = wire;
    this.#events = events;
    this.#life = wire.life;
    this.#watchIn(SILENCE_MS);
  }

  /** Whether something was sent, and nothing of a durable-queue server was ever received. */
  get neverReceived(): boolean {
    return this.#isForeign || (this.#wasUsed && this.heardAt === 0);
  }

  /** Whether the process can end although this is open. */
  get canUnref(): boolean {
    return this.#wire.canUnref;
  }

  send(frame: string): void {
    this.#wasUsed = true;
    this.#wire.send(frame);
    // A proxy in between may have dropped an idle connection without a word to either side.
    if (this.#askedAt === undefined && performance.now() - this.#aliveAt > SILENCE_MS) this.#ask();
  }

  /** Whether an answer is awaited. Only then the process is kept alive. */
  set isBusy(isBusy: boolean) {
    if (isBusy === this.#isBusy || this.#isOver) return;
    this.#isBusy = isBusy;
    this.#wire.hold(isBusy);
    if (isBusy && this.#timer === undefined) this.#watchIn(SILENCE_MS);
  }

  /** Ends the connection with a closing handshake. No event follows. */
  close(): void {
    this.#end();
    this.#wire.close();
  }

  /** Gives the connection up. No event follows. */
  terminate(): void {
    this.#end();
    this.#wire.terminate();
  }

  /** @internal */
  frame(text: string | undefined): void {
    if (this.#isOver) return;
    this.#aliveAt = performance.now();
    this.#hasHeard = true;
    this.#askedAt = undefined;
    this.#lateTimes = 0;
    const lines = text === PONG ? [] : text === undefined ? undefined : linesOf(text);
    if (lines === undefined) {
      this.#isForeign = true;
      this.#lose("A frame came that no durable-queue server sends", "unexpected");
      return;
    }
    this.heardAt = this.#aliveAt;
    for (const line of lines) if (!this.#isOver) this.#events.heard(line);
  }

  /** Gives the connection up because of a reply that does not fit its call. */
  endAsForeign(): void {
    this.#isForeign = true;
    this.#lose("A reply came that does not fit its call", "unexpected");
  }

  /** @internal */
  ended(reason: string): void {
    if (this.#isOver) return;
    this.#end();
    this.#events.lost(this, new QueueError(`The connection ended: ${reason}`, { code: "disconnected" }));
  }

  #lose(reason: string, code: "unexpected" | "timeout"): void {
    if (this.#isOver) return;
    if (this.#isForeign) this.heardAt = 0;
    this.terminate();
    this.#events.lost(this, new QueueError(reason, { code }));
  }

  #end(): void {
    this.#isOver = true;
    this.#timer?.clear();
  }

  /** Bytes are a sign of life too: a large frame takes long to receive or to send. */
  #lookForLife(): void {
    const life = this.#wire.life;
    if (!this.#hasHeard && life !== this.#life) {
      this.#aliveAt = performance.now();
      this.#askedAt = undefined;
      this.#lateTimes = 0;
    }
    this.#life = life;
    this.#hasHeard = false;
  }

  #ask(): void {
    this.#wire.send(PING);
    this.#askedAt = performance.now();
    this.#life = this.#wire.life;
    this.#hasHeard = false;
    this.#watchIn(PONG_MS);
  }

  #watchIn(ms: number): void {
    this.#timer?.clear();
    this.#dueAt = performance.now() + ms;
    this.#timer = new Timer(ms, () => this.#watch(), { holds: false });
  }

  #watch(): void {
    this.#timer = undefined;
    if (this.#isOver || !this.#isBusy) return;
    const isLate = performance.now() - this.#dueAt > LATE_MS && this.#lateTimes < LATE_TIMES_MAX;
    // Frames that came while the process did something else are read before the connection is judged.
    afterReading(() => this.#judge(isLate));
  }

  #judge(isLate: boolean): void {
    if (this.#isOver || this.#timer !== undefined) return;
    this.#lookForLife();
    this.#events.tick();
    if (this.#isOver) return;
    const now = performance.now();
    if (this.#askedAt !== undefined && isLate) {
      this.#lateTimes += 1;
      this.#ask();
    } else if (this.#askedAt !== undefined && now - this.#askedAt >= PONG_MS) {
      this.#lose("The server did not answer a ping", "timeout");
    } else if (this.#askedAt === undefined && now - this.#aliveAt >= SILENCE_MS) {
      this.#ask();
    } else {
      const since = this.#askedAt === undefined ? this.#aliveAt + SILENCE_MS : this.#askedAt + PONG_MS;
      this.#watchIn(Math.max(1, since - now));
    }
  }
}
