/**
 * A WebSocket of whichever runtime this is, as the client needs it. The protocol and the authkey are said when it is
 * opened; everything is told through `WireEvents`.
 */
import { QueueError } from "../base/errors.ts";
import { errorOf, isFinal, type Place, problemIn } from "../base/problem-errors.ts";

/** The page of a proxy is not read further than this. */
export const PAGE_CHARACTERS_MAX = 10_000;

/** Of a page that goes into a message. */
const EXCERPT_CHARACTERS = 200;

export interface Target extends Place {
  /** Of the queue's socket: `ws:` or `wss:`. */
  url: string;
  authkey: string;
}

/** Why a socket did not open. */
export type ConnectFailure =
  /** The server says why, and will say it again. The error is made anew for each caller. */
  | { kind: "refused"; error: () => QueueError }
  /** Something answers, but lets no socket through. */
  | { kind: "unsupported"; cause: Error }
  /** Something is there, but the connection ended without an answer. */
  | { kind: "dropped"; cause: Error }
  /** Nothing answers, or it is not known. */
  | { kind: "failed"; cause: Error };

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
  /** A number that grows with everything that comes, and with everything that is taken to be sent. */
  readonly life: number;
  /** Whether the process may end although it is open. */
  readonly canUnref: boolean;
  /** Sends a frame. When this returns, it has been given to the system, unless others are before it. */
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
  /** Gives it up. What has come of an answer is told as `connectFailed`, if any has. True if it was. */
  giveUp(): boolean;
}

/** What an answer means that is not the opening of a socket. */
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
