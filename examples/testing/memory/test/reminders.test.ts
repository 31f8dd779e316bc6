import { MemoryManager } from "durable-queue/memory";
import { expect, test } from "vitest";
import { type Reminder, remind, sendReminders } from "../src/reminders.ts";

const SECONDS_PER_DAY = 86_400;
const CALL_ADA: Reminder = { to: "ada@example.com", text: "Call" };

/** A queue of its own for each test, and whom reminders were sent to. The first `failures` of them fail. */
function setUp(failures = 0) {
  const memory = new MemoryManager({ time: "virtual" });
  const reminders = memory.queue<Reminder>("reminders");
  const sent: string[] = [];
  let tries = 0;
  sendReminders(reminders, async ({ to }) => {
    tries += 1;
    if (tries <= failures) throw new Error("The mail server is away.");
    sent.push(to);
  });
  return { memory, reminders, sent };
}

test("a reminder is sent after a day, and once", async () => {
  const { memory, reminders, sent } = setUp();
  const first = await remind(reminders, CALL_ADA);
  const second = await remind(reminders, CALL_ADA);

  await memory.advance(SECONDS_PER_DAY - 1);
  expect(sent).toEqual([]);

  await memory.advance(1);
  expect(sent).toEqual(["ada@example.com"]);
  expect(second).toBe(first);
});

test("a reminder that cannot be sent is tried again", async () => {
  const { memory, reminders, sent } = setUp(3);
  await remind(reminders, CALL_ADA);

  await memory.advance(SECONDS_PER_DAY + 60);

  expect(sent).toEqual(["ada@example.com"]);
});

test("a reminder that can never be sent is kept as a dead letter", async () => {
  const { memory, reminders } = setUp(Number.POSITIVE_INFINITY);
  await reminders.configure({ maxAttempts: 5 });
  await remind(reminders, CALL_ADA);

  await memory.advance(2 * SECONDS_PER_DAY);

  const { value: letter } = await reminders.messages({ state: "dead" }).next();
  expect(letter).toMatchObject({ item: CALL_ADA, attempts: 5, reason: "max_attempts" });
});
