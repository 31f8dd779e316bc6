import { MemoryManager } from "durable-queue/memory";
import { expect, test } from "vitest";
import { type Email, emails } from "../src/emails.ts";

test("an email for which the mailer is busy is sent an hour later, the others at once", async () => {
  await using memory = new MemoryManager({ time: "virtual" });
  const sent: string[] = [];
  const isBusy = (to: string) => to.startsWith("ada") && !sent.includes("bob@example.com");
  memory.consume("emails", emails, {
    async send(to) {
      if (isBusy(to)) return false;
      sent.push(to);
      return true;
    },
  });

  await memory.queue<Email>("emails").putMany([{ to: "ada@example.com" }, { to: "bob@example.com" }]);
  await memory.advance(3_599);
  expect(sent).toEqual(["bob@example.com"]);

  await memory.advance(1);
  expect(sent).toEqual(["bob@example.com", "ada@example.com"]);
});

test("a batch whose handler throws is tried again, and kept as dead letters after the last attempt", async () => {
  await using memory = new MemoryManager({ time: "virtual" });
  const queue = memory.queue<Email>("emails");
  await queue.configure({ maxAttempts: 4 });
  memory.consume("emails", emails, { send: () => Promise.reject(new Error("The mailer is away.")) });

  await queue.putMany([{ to: "ada@example.com" }, { to: "bob@example.com" }]);
  await memory.advance(60);

  expect((await queue.describe()).dead).toBe(2);
});
