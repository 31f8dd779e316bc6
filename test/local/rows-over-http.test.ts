import { afterAll, beforeAll, expect, test } from "vitest";
import { freshName, TestServer } from "../support/server.ts";

const CALLERS = 32;
const MESSAGES_OF_EACH = 100;
const server = new TestServer();

beforeAll(() => server.start());
afterAll(() => server.remove());

test("32 callers with single messages, over HTTP at the same time, write at most 0.2 rows per message", async () => {
  const name = freshName();
  const queues = Array.from({ length: CALLERS }, () => server.manager().queue<number>(name));
  const [first] = queues;
  await first?.configure({});
  const before = await first?.describe();

  await Promise.all(
    queues.map(async (queue) => {
      for (let count = 0; count < MESSAGES_OF_EACH; count += 1) {
        await queue.put(count);
        const [message] = await queue.receive();
        await message?.ack();
      }
    }),
  );

  const after = await first?.describe();
  const rows = ((after?.rowsWritten ?? 0) - (before?.rowsWritten ?? 0)) / (CALLERS * MESSAGES_OF_EACH);
  console.log(`${CALLERS} callers: ${rows} rows per message`);
  expect(after).toMatchObject({ done: CALLERS * MESSAGES_OF_EACH, visible: 0, leased: 0 });
  expect(rows).toBeLessThanOrEqual(0.2);
});
