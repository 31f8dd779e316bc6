/** Clients that ask and do not read, against a real server: others are served, and in the end everything is answered. */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { freshName, TestServer } from "../support/server.ts";
import { RawSocket } from "../support/sockets/raw-socket.ts";

const MEGABYTE = 1_000_000;
const server = new TestServer();
const open: RawSocket[] = [];
beforeAll(() => server.start());
afterAll(() => server.remove());
afterEach(() => {
  for (const socket of open.splice(0)) socket.terminate();
});

async function connect(queue: string): Promise<RawSocket> {
  const socket = await RawSocket.open(server.address, queue);
  open.push(socket);
  return socket;
}

test("commands of a client that does not read wait until it has read, and each is answered once", async () => {
  const name = freshName();
  const queue = server.manager().queue<string>(name);
  for (let puts = 0; puts < 2; puts += 1) await queue.putMany(Array<string>(8).fill("x".repeat(MEGABYTE)));
  const slow = await connect(name);
  slow.pause();
  const lists = Array.from({ length: 30 }, (_, index) => ({ id: index + 1, verb: "messages", request: { limit: 8 } }));
  slow.say(lists.map((line) => JSON.stringify(line)).join("\n"));

  // Others go on meanwhile, on the same queue too.
  for (let round = 0; round < 10; round += 1) {
    const [message] = await queue.receive({ max: 1, leaseSeconds: 600 });
    await message?.ack();
    await queue.put("small");
  }
  slow.resume();

  const answers = [];
  for (const _ of lists) answers.push(await slow.next(({ id }) => id !== undefined));
  expect(answers.map(({ id }) => id)).toEqual(lists.map(({ id }) => id));
  expect(answers.every(({ reply }) => reply.messages.length > 0)).toBe(true);
});

test("commands of a client that disconnected without reading are forgotten, and its queue goes on", async () => {
  const name = freshName();
  const queue = server.manager().queue<string>(name);
  // What is listed of it fills no memory where only the first is asked for.
  await queue.put("small");
  await queue.putMany(Array<string>(8).fill("x".repeat(MEGABYTE)));
  const slow = await connect(name);
  slow.pause();
  const lists = Array.from({ length: 200 }, (_, index) => ({ id: index + 1, verb: "messages", request: { limit: 8 } }));
  slow.say(lists.map((line) => JSON.stringify(line)).join("\n"));
  await queue.describe();
  slow.terminate();

  // As many as may wait at a time: what the other has left would take their place. Its end is heard in a moment.
  const other = await connect(name);
  let isRefused = true;
  for (let tries = 0; isRefused && tries < 100; tries += 1) {
    const ids = Array.from({ length: 250 }, (_, index) => 1 + index + 250 * tries);
    const again = ids.map((id) => ({ id, verb: "messages", request: { limit: 1 } }));
    other.say(again.map((line) => JSON.stringify(line)).join("\n"));
    isRefused = false;
    for (const _ of ids) isRefused = "problem" in (await other.next(({ id }) => id !== undefined)) || isRefused;
  }
  expect(isRefused).toBe(false);
});
