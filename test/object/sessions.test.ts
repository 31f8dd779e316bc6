import { expect, test } from "vitest";
import { OWNER } from "../../src/api/principal.ts";
import { MachineClock } from "../../src/machine-clock.ts";
import { LOST_CHARACTERS_MAX, Sessions } from "../../src/socket/sessions.ts";

const PEER = { principal: OWNER, since: 0 };
const NOTHING = { count: 0, until: 0 };

/** A socket that outlived its object's memory, and what was sent on it. */
class KeptSocket {
  readonly sent: string[] = [];
  readonly readyState = WebSocket.OPEN;
  readonly bufferedAmount = 0;
  readonly #attachment: object;

  constructor(subscriber: number, subscribedAt: number, waits: object = { receives: [], resend: [] }) {
    this.#attachment = {
      subscriber,
      peer: PEER,
      inHand: NOTHING,
      credit: 0,
      leaseMs: undefined,
      subscribedAt,
      ...waits,
    };
  }

  deserializeAttachment(): object {
    return this.#attachment;
  }

  closedWith: number | undefined;

  close(code: number): void {
    this.closedWith = code;
  }

  send(frame: string): void {
    this.sent.push(frame);
  }

  get lost(): string[] {
    return this.sent
      .flatMap((frame) => frame.split("\n"))
      .flatMap((line) => (JSON.parse(line) as { lost: string[] }).lost);
  }
}

function sessionsOf(sockets: KeptSocket[]): Sessions {
  const state = { getWebSockets: () => sockets } as unknown as DurableObjectState;
  const sessions = new Sessions(state, new MachineClock(), () => true);
  sessions.restore();
  return sessions;
}

const RECEIPTS = Array.from({ length: 10_000 }, (_, index) => `generation-1-${index}-1`);

test("lost leases are reported to all connections that have ever subscribed, and to no others", () => {
  const sockets = [new KeptSocket(1, 5), new KeptSocket(2, 0), new KeptSocket(3, 7)];
  const sessions = sessionsOf(sockets);

  sessions.tellLost(RECEIPTS);
  sessions.flush();

  expect(sockets.map(({ lost }) => lost.length)).toEqual([10_000, 0, 10_000]);
});

test("a connection that another version of the server has stored is closed, so that its client connects again", () => {
  const socket = new KeptSocket(1, 5, { peer: undefined, receives: [], again: [7, 9] });

  expect(sessionsOf([socket]).size).toBe(0);
  expect(socket.closedWith).toBe(1012);
});

test("lost leases that are reported to many connections stay within a budget for all of them", () => {
  const sockets = Array.from({ length: 2_000 }, (_, index) => new KeptSocket(index + 1, 1));
  const sessions = sessionsOf(sockets);

  sessions.tellLost(RECEIPTS);
  sessions.flush();

  const characters = sockets.flatMap(({ sent }) => sent).reduce((sum, frame) => sum + frame.length, 0);
  expect(characters).toBeLessThan(1.1 * LOST_CHARACTERS_MAX);
  expect(new Set(sockets.map(({ lost }) => lost.length)).size).toBe(1);
  expect(sockets[0]?.lost.length).toBeGreaterThan(50);
});
