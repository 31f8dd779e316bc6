/**
 * A WebSocket of any runtime, as the client needs it. The protocol and the authkey are sent when it is opened; events
 * come through `WireEvents`.
 */
import { QueueError } from "../base/errors.ts";
import { errorOf, isFinal, type Place, problemIn } from "../base/problem-errors.ts";

/** How much of a proxy's page is read. */
export const PAGE_CHARACTERS_MAX = 10_000;

/** How much of a page goes into an error message. */
const EXCERPT_CHARACTERS = 200;

/** The socket to open. */
export interface Target extends Place {
  /** Of the queue's socket: `ws:` or `wss:`. */
  url: string;
  authkey: string;
}

/** Why a socket did not open. */
export type ConnectFailure =
  /** The server refuses, and will refuse again. The error is made anew for each caller. */
  | { kind: "refused"; error: () => QueueError }
  /** The other side answers, but opens no socket. */
  | { kind: "unsupported"; cause: Error }
  /** The connection was made, but ended without an answer. */
  | { kind: "dropped"; cause: Error }
  /** The other side does not answer, or the reason is unknown. */
  | { kind: "failed"; cause: Error };

/** Receives the events of a wire. */
export interface WireEvents {
  /** Called once, unless `connectFailed` is. */
  opened(wire: Wire): void;
  connectFailed(failure: ConnectFailure): void;
  /** A frame came: its text, or undefined for one that has none. */
  frame(text: string | undefined): void;
  /** The connection is gone. Called once, after `opened`. */
  closed(reason: string): void;
}

/** One open connection. */
export interface Wire {
  /** A number that grows with the bytes that came and that were sent. */
  readonly life: number;
  /** Whether the process can end although it is open. */
  readonly canUnref: boolean;
  /** Sends a frame. When this returns, the frame was given to the operating system, unless others are before it. */
  send(text: string): void;
  /** Keeps the process alive, or lets it end. */
  hold(isHeld: boolean): void;
  /** Ends it in order. */
  close(): void;
  /** Ends it at once. */
  terminate(): void;
}

/** An attempt to open one. */
export interface Opening {
  /** Gives it up. If part of an answer came, `connectFailed` is called with it. True if that was so. */
  giveUp(): boolean;
}

/** The failure that an answer other than an upgrade stands for. */
export function connectFailureOf(status: number, text: string, place: Place): ConnectFailure {
  const problem = problemIn(text);
  // A proxy that does not know of sockets may pass on the request without their headers.
  if (problem === undefined || problem.code === "upgrade_required" || problem.code === "not_found") {
    const page = text.slice(0, EXCERPT_CHARACTERS);
    return { kind: "unsupported", cause: new QueueError(`The answer was ${status}: ${page}`, { queue: place.queue }) };
  }
  const error = () => errorOf(problem, place);
  return isFinal(status, error()) ? { kind: "refused", error } : { kind: "failed", cause: error() };
}
