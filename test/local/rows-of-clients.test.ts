import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Queue } from "../../worker-client/src/index.ts";
import { freshName, TestServer } from "../support/server.ts";

const CALLERS = 32;
const MESSAGES_OF_EACH = 40;
const server = new TestServer();

beforeAll(() => server.start());
afterAll(() => server.remove());

async function rowsWritten(queue: Queue<number>): Promise<number> {
  const { rowsWritten } = await queue.describe();
  return rowsWritten;
}

async function putReceiveAck(queue: Queue<number>): Promise<void> {
  for (let count = 0; count < MESSAGES_OF_EACH; count += 1) {
    await queue.put(count);
    const [message] = await queue.receive();
    await message?.ack();
  }
}

// Requests of their own arrive less together than what shares a connection, the less the busier the machine is.
describe.each([
  ["websocket", 0.2],
  ["http", 0.3],
] as const)("over %s", (transport, most) => {
  test(`32 callers with single messages at the same time write at most ${most} rows per message`, async () => {
    const queue = server.manager({ transport }).queue<number>(freshName());
    await queue.configure({});
    const before = await rowsWritten(queue);

    await Promise.all(Array.from({ length: CALLERS }, () => putReceiveAck(queue)));

    const rows = ((await rowsWritten(queue)) - before) / (CALLERS * MESSAGES_OF_EACH);
    console.log(`${transport}, ${CALLERS} callers: ${rows} rows per message`);
    expect(await queue.describe()).toMatchObject({ done: CALLERS * MESSAGES_OF_EACH, visible: 0, leased: 0 });
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
