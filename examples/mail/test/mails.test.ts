import { gather, JobFailed } from "durable-queue";
import { MemoryManager } from "durable-queue/memory";
import { expect, onTestFinished, test } from "vitest";
import { deadMails, sendAgain, submitMails } from "../src/mails.ts";
import { tasks } from "../src/tasks.ts";
import { Inbox, type InboxOptions, moods } from "./inbox.ts";

/** The delay of the first retry in tests, which have no 10 seconds. */
const SOON = { retryDelaySeconds: 0.1 };

/** A mail queue in memory with a worker, in front of an SMTP server. */
async function setUp({ concurrency = 5, ...options }: InboxOptions & { concurrency?: number } = {}) {
  const inbox = await Inbox.open(options);
  process.env.SMTP_URL = inbox.url;
  const manager = new MemoryManager();
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  manager.work(tasks, { concurrency, logger });
  onTestFinished(async () => {
    await manager.close();
    await inbox.close();
  });
  return { inbox, manager };
}

function mailTo(to: string) {
  return { to, subject: "Your order", text: "It has left our warehouse." };
}

test("a mail that the server refuses for now is sent later, with the Message-ID of its job", async () => {
  const { inbox, manager } = await setUp({ check: moods() });
  const jobs = await submitMails(manager, ["ada@example.com", "busy@example.com"].map(mailTo), {
    ...SOON,
    occasion: "order-1",
  });

  const results = await gather(jobs, { timeoutSeconds: 30 });

  const attempts = await Promise.all(jobs.map(async (job) => (await job.status()).attempts));
  expect(attempts).toEqual([1, 2]);
  expect(results.map(({ messageId }) => messageId)).toEqual(jobs.map(({ id }) => `<${id}@example.com>`));
  expect(inbox.mails.map(({ messageId }) => messageId).sort()).toEqual(
    jobs.map(({ id }) => `<${id}@example.com>`).sort(),
  );
});

test("a mail that the server refuses for good is dead at once, and can be sent again", async () => {
  let isKnown = false;
  const check = moods();
  const { inbox, manager } = await setUp({ check: (address) => isKnown || check(address) });
  const [job] = await submitMails(manager, [mailTo("unknown@example.com")], { ...SOON, occasion: "order-2" });

  const error = await job?.result({ timeoutSeconds: 30 }).catch((thrown: unknown) => thrown);

  expect(error).toBeInstanceOf(JobFailed);
  expect(await Array.fromAsync(deadMails(manager))).toMatchObject([
    { id: job?.id, to: "unknown@example.com", attempts: 1, reason: "rejected", error: expect.stringContaining("550") },
  ]);

  isKnown = true;
  expect(await sendAgain(manager)).toBe(1);
  await expect.poll(() => inbox.mails, { timeout: 30_000 }).toHaveLength(1);
  expect(inbox.mails[0]?.messageId).toBe(`<${job?.id}@example.com>`);
});

test("while the SMTP server is away mails wait, and they are sent when it is back", async () => {
  const { inbox: away, manager } = await setUp();
  await away.close();
  const jobs = await submitMails(manager, ["ada@example.com", "bob@example.com"].map(mailTo), {
    ...SOON,
    occasion: "order-3",
  });
  const attempted = async () => (await jobs[1]?.status())?.attempts;
  await expect.poll(attempted, { timeout: 30_000 }).toBeGreaterThan(1);

  const inbox = await Inbox.open({ port: away.port });
  onTestFinished(() => inbox.close());
  await gather(jobs, { timeoutSeconds: 30 });

  expect(inbox.mails.map(({ to }) => to).sort()).toEqual(["ada@example.com", "bob@example.com"]);
});

test("no more mails are on their way than the worker's concurrency, and one of an occasion is submitted once", async () => {
  const arrived: (() => void)[] = [];
  const hold = () => new Promise<void>((resolve) => arrived.push(resolve));
  const { inbox, manager } = await setUp({ concurrency: 3, hold });
  const mails = Array.from({ length: 9 }, (_, index) => mailTo(`customer${index}@example.com`));
  const jobs = await submitMails(manager, mails, { occasion: "newsletter" });
  const again = await submitMails(manager, mails, { occasion: "newsletter" });
  expect(again.map(({ id }) => id)).toEqual(jobs.map(({ id }) => id));

  for (let sent = 0; sent < mails.length; sent += 3) {
    await expect.poll(() => arrived, { timeout: 30_000 }).toHaveLength(3);
    for (const accept of arrived.splice(0)) accept();
  }
  await gather(jobs, { timeoutSeconds: 30 });

  expect(inbox.busiest).toBe(3);
  expect(inbox.mails).toHaveLength(mails.length);
});
