import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Queue } from "../../worker-client/src/index.ts";
import { freshName, TestServer } from "../support/server.ts";

const CALLERS = 32;
const server = new TestServer();

beforeAll(() => server.start());
afterAll(() => server.remove());

async function rowsWritten(queue: Queue<number>): Promise<number> {
  const { rowsWritten } = await queue.describe();
  return rowsWritten;
}

async function putReceiveAck(queue: Queue<number>, messages: number): Promise<void> {
  for (let count = 0; count < messages; count += 1) {
    await queue.put(count);
    const [message] = await queue.receive();
    await message?.ack();
  }
}

// A caller alone writes three rows. Requests of their own arrive less together than what shares a connection, the less the
// busier the machine is, and each is much more work.
describe.each([
  ["websocket", 0.2, 40],
  ["http", 1, 10],
] as const)("over %s", (transport, most, messagesOfEach) => {
  test(`32 callers with single messages at the same time write at most ${most} rows per message`, async () => {
    const queue = server.manager({ transport }).queue<number>(freshName());
    await queue.configure({});
    const before = await rowsWritten(queue);

    await Promise.all(Array.from({ length: CALLERS }, () => putReceiveAck(queue, messagesOfEach)));

    const rows = ((await rowsWritten(queue)) - before) / (CALLERS * messagesOfEach);
    console.log(`${transport}, ${CALLERS} callers: ${rows} rows per message`);
    expect(await queue.describe()).toMatchObject({ done: CALLERS * messagesOfEach, visible: 0, leased: 0 });
    expect(rows).toBeLessThanOrEqual(most);
  });
});

test("batches of 100, eight at the same time, write at most 0.02 rows per message", async () => {
  const queue = server.manager().queue<number>(freshName());
  await queue.configure({});
  const before = await rowsWritten(queue);
  const batch = Array.from({ length: 100 }, (_, n) => n);

  const messages = 8 * 25 * batch.length;
  const together = (work: () => Promise<unknown>) =>
    Promise.all(
      Array.from({ length: 8 }, async () => {
        for (let count = 0; count < 25; count += 1) await work();
      }),
    );
  await together(() => queue.putMany(batch));
  await together(async () => {
    const received = await queue.receive({ max: 100 });
    await Promise.all(received.map((message) => message.ack()));
  });

  const rows = ((await rowsWritten(queue)) - before) / messages;
  console.log(`batches of 100: ${rows} rows per message`);
  expect(await queue.describe()).toMatchObject({ done: messages, visible: 0, leased: 0 });
  expect(rows).toBeLessThanOrEqual(0.02);
});
