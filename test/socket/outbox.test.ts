/** A client that does not read: what is kept for it, when it is behind, and when it is given up. */
import { expect, test } from "vitest";
import { Outbox } from "../../src/socket/outbox.ts";
import { type Reader, Readers } from "../../src/socket/readers.ts";

const MEBIBYTE = 1024 * 1024;
const NOW = 1_700_000_000_000;

/** A socket whose other side reads only when it is told to. */
class FakeSocket {
  readyState: number = WebSocket.OPEN;
  bufferedAmount = 0;
  frames: string[] = [];

  send(frame: string): void {
    this.frames.push(frame);
    this.bufferedAmount += frame.length;
  }

  read(bytes = this.bufferedAmount): void {
    this.bufferedAmount -= bytes;
  }
}

function connection() {
  const socket = new FakeSocket();
  const outbox = new Outbox(socket as unknown as WebSocket);
  return { socket, outbox, session: { outbox, isBehind: false } satisfies Reader as Reader };
}

test("lines that are small travel together", () => {
  const { socket, outbox } = connection();
  for (const line of ["a", "b", "c"]) outbox.add(line);

  outbox.send();

  expect(socket.frames).toEqual(["a\nb\nc"]);
  expect(outbox.isEmpty).toBe(true);
});

test("while nothing is read, the platform is given a mebibyte and what passes it, and the rest when there is room", () => {
  const { socket, outbox } = connection();
  for (let line = 0; line < 40; line += 1) outbox.add(`${line}`.padEnd(MEBIBYTE / 8, "x"));

  outbox.send();
  const given = socket.bufferedAmount;
  outbox.send();
  const givenAgain = socket.bufferedAmount;
  while (!outbox.isEmpty) {
    socket.read();
    outbox.send();
  }

  expect(given).toBeLessThan(1.2 * MEBIBYTE);
  expect(givenAgain).toBe(given);
  const lines = socket.frames.flatMap((frame) => frame.split("\n")).map((line) => Number.parseInt(line, 10));
  expect(lines).toEqual(Array.from({ length: 40 }, (_, line) => line));
});

test("a connection with four mebibytes unread is behind until it has read down to one", () => {
  const readers = new Readers<Reader>();
  const { socket, outbox, session } = connection();
  outbox.add("x".repeat(4 * MEBIBYTE));
  outbox.send();
  readers.sentTo(session, Date.now());

  expect(readers.look(NOW)).toMatchObject({ behind: [session], caughtUp: [], stalled: [] });
  socket.read(2 * MEBIBYTE);
  expect(readers.look(NOW)).toMatchObject({ behind: [], caughtUp: [] });
  socket.read(1.5 * MEBIBYTE);
  expect(readers.look(NOW)).toMatchObject({ behind: [], caughtUp: [session] });
});

test("a connection that takes nothing for half a minute has stalled, one that takes a little has not", () => {
  const readers = new Readers<Reader>();
  const [slow, mute] = [connection(), connection()];
  for (const { outbox, session } of [slow, mute]) {
    outbox.add("x".repeat(MEBIBYTE));
    outbox.send();
    readers.sentTo(session, Date.now());
  }
  slow.socket.read(1);
  readers.look(Date.now() + 29_000);

  expect(readers.look(Date.now() + 31_000).stalled).toEqual([mute.session]);
});

test("when all connections together have too much unread, nothing more is handed out and who stalls has two seconds", () => {
  const readers = new Readers<Reader>();
  const connections = Array.from({ length: 5 }, connection);
  for (const { outbox, session } of connections) {
    outbox.add("x".repeat(3.5 * MEBIBYTE));
    outbox.send();
    readers.sentTo(session, Date.now());
  }

  readers.look(Date.now());
  expect(readers.areTooFarBehind).toBe(true);
  expect(readers.look(Date.now() + 3_000).stalled).toEqual(connections.map(({ session }) => session));
  for (const { session } of connections) readers.left(session);
  // Where nothing is unread any more, nothing looks again.
  expect([readers.areTooFarBehind, readers.areAny, readers.isAbandonedTooMuch]).toEqual([false, false, false]);
});

test("what closed connections have left with the platform counts until their clients hang up", () => {
  const readers = new Readers<Reader>();
  const connections = Array.from({ length: 10 }, connection);
  for (const { outbox, session } of connections) {
    outbox.add("x".repeat(3.5 * MEBIBYTE));
    outbox.send();
    readers.sentTo(session, Date.now());
    readers.left(session);
  }

  expect(readers.isAbandonedTooMuch).toBe(true);
  for (const { socket } of connections) socket.read();
  readers.look(NOW);
  expect(readers.isAbandonedTooMuch).toBe(false);
});
