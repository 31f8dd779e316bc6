/**
 * Running jobs over HTTP: what went wrong for ordinary users of other queues with progress, errors, cancelling and lists,
 * as they reported it in public. The repository and number of a report stand with its test.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HttpJobs } from "../support/http/http-jobs.ts";
import { TestServer } from "../support/server.ts";

const server = new TestServer({ isMovable: true });

beforeAll(() => server.start());
afterAll(() => server.remove());

describe("cancelling", () => {
  // timgit/pg-boss#384, inngest/inngest#1276, celery/celery#968: the handler goes on, and what it ends with counts.
  test("a running job is told to its worker, and nothing that it sends then changes the outcome", async () => {
    const jobs = new HttpJobs(server);
    const id = await jobs.submit(1);
    const receipt = await jobs.begin();
    await jobs.done("DELETE", `/messages/${id}`);
    const receipts = [receipt];

    expect(await jobs.done("POST", "/progress", { receipt, progress: 50 })).toEqual({ stale: true, cancelled: true });
    for (const [verb, count] of [
      ["extend", "extended"],
      ["ack", "acked"],
      ["retry", "retried"],
      ["reject", "rejected"],
      ["release", "released"],
    ] as const) {
      expect(await jobs.done("POST", `/${verb}`, { receipts })).toMatchObject({ [count]: 0, stale: receipts });
    }
    await server.pass(100, jobs.name);

    expect(await jobs.done("POST", "/receive", {})).toEqual({ messages: [] });
    expect(await jobs.job(id)).toMatchObject({ state: "cancelled", attempts: 1 });
    expect(await jobs.list()).toHaveLength(1);
  });

  // celery/django-celery-results#423: no worker is connected, and the job runs when one is.
  test("a job that no worker has yet holds over a restart", async () => {
    const jobs = new HttpJobs(server);
    const [delayed, waiting] = [await jobs.submit(1, { delaySeconds: 5 }), await jobs.submit(2)];
    for (const id of [delayed, waiting]) await jobs.done("DELETE", `/messages/${id}`);
    await server.crash();
    await server.start();
    await server.pass(6, jobs.name);

    expect((await jobs.done("POST", "/receive", {})).messages).toEqual([]);
    expect(await jobs.list("state=cancelled")).toHaveLength(2);
  });

  // celery/celery#8883: a second time, and with a wrong id, it says nothing; vm0-ai/vm0#10168: it is only an error.
  test("again, or too late, or with a wrong id is refused, and the job says which", async () => {
    const jobs = new HttpJobs(server);
    const [cancelled, done] = [await jobs.submit(1), await jobs.submit(2)];
    expect(await jobs.done("DELETE", `/messages/${cancelled}`)).toEqual({ cancelled: true });
    await jobs.ack(await jobs.begin(), 7);

    for (const id of [cancelled, done, "0.never-1-0"]) {
      expect(await jobs.call("DELETE", `/messages/${id}`)).toMatchObject({ status: 404 });
    }
    expect(await jobs.job(cancelled)).toMatchObject({ state: "cancelled" });
    expect(await jobs.job(done)).toMatchObject({ state: "done", result: 7 });
    expect(await jobs.refusal("0.never-1-0")).toMatchObject({ expired: false });
  });

  // triggerdotdev/trigger.dev#2376: a request that is repeated finds a job that has failed, or makes another one.
  test("and failing leave the key of a submit as it is: a repeated submit finds its job", async () => {
    const jobs = new HttpJobs(server);
    const id = await jobs.submit(1, {}, "order-7");
    await jobs.done("DELETE", `/messages/${id}`);

    expect(await jobs.submit(1, {}, "order-7")).toBe(id);
    expect(await jobs.job(id)).toMatchObject({ state: "cancelled" });
    const other = { messages: [{ body: 2, headers: { "dq-task": "resize" } }] };
    expect(await jobs.call("POST", "/messages", other, "order-7")).toMatchObject({ status: 422 });
  });
});

describe("progress", () => {
  // OptimalBits/bull#2286: told after the end, it makes half a job.
  test("of a job that has ended, was purged or is another worker's leaves nothing behind", async () => {
    const jobs = new HttpJobs(server);
    const [done, purged] = [await jobs.submit(1), await jobs.submit(2)];
    const [first, second] = [await jobs.begin(), await jobs.begin()];
    await jobs.ack(first, "result");
    await jobs.done("POST", "/purge", {});

    for (const receipt of [first, second]) {
      expect(await jobs.done("POST", "/progress", { receipt, progress: 99 })).toEqual({
        stale: true,
        cancelled: false,
      });
    }
    expect(await jobs.job(done)).not.toHaveProperty("progress");
    expect(await jobs.refusal(purged)).toMatchObject({ expired: true });
    expect(await jobs.list()).toMatchObject([{ id: done, result: "result" }]);
  });

  // taskforcesh/bullmq#2186, OptimalBits/bull#1900: told very often, some of it is never seen.
  test("that is told 300 times at once ends with the last, and costs no rows", async () => {
    const jobs = new HttpJobs(server);
    const id = await jobs.submit(1);
    const receipt = await jobs.begin();
    const { rowsWritten } = await jobs.done("GET", "");
    const tell = (progress: number) => jobs.done("POST", "/progress", { receipt, progress });
    await Promise.all(Array.from({ length: 300 }, (_, progress) => tell(progress)));
    await tell(300);

    expect(await jobs.job(id)).toMatchObject({ state: "running", progress: 300 });
    expect((await jobs.done("GET", "")).rowsWritten).toBe(rowsWritten);
  });

  test("of the attempt before is not shown for the next one", async () => {
    const jobs = new HttpJobs(server);
    const id = await jobs.submit(1);
    const receipt = await jobs.begin();
    await jobs.done("POST", "/progress", { receipt, progress: 90 });
    await jobs.done("POST", "/retry", { receipts: [receipt], delaySeconds: 0 });
    await jobs.begin();

    expect(await jobs.job(id)).not.toHaveProperty("progress");
  });
});

describe("an error", () => {
  // akash-network/console#3898, celery/celery#3858, #92: it cannot be stored, and the job runs for ever.
  test("of any text is kept as it was, also after a restart", async () => {
    const jobs = new HttpJobs(server);
    const message = "\u0000 \ud83d half 😀\n\tline two \u2028 é '\"; DROP TABLE";
    const error = { name: "ValueError", message, stack: `Traceback:\n${message.repeat(100)}` };
    const id = await jobs.submit(1);
    await jobs.done("POST", "/retry", { receipts: [await jobs.begin()], delaySeconds: 0, error });
    await jobs.done("POST", "/reject", { receipts: [await jobs.begin()], error });
    await server.crash();
    await server.start();

    expect(await jobs.job(id)).toMatchObject({ state: "failed", reason: "rejected", attempts: 2, error });
  });

  // timgit/pg-boss#37, celery/django-celery-results#69: it is dropped, and the job has failed without a reason.
  test("that is too long is refused with the part and its bound, and the job can still be failed", async () => {
    const jobs = new HttpJobs(server);
    const id = await jobs.submit(1);
    const receipts = [await jobs.begin()];
    const error = (message: string, stack = "") => ({ name: "Error", message, stack });

    // Counted as Python counts: each of these is one, and two in JavaScript.
    const refused = await jobs.call("POST", "/reject", { receipts, error: error("😀".repeat(1_025)) });
    expect(refused).toMatchObject({
      status: 400,
      body: { detail: "error.message must have at most 1024 characters." },
    });
    expect(await jobs.call("POST", "/reject", { receipts, error: error("", "x".repeat(8_193)) })).toMatchObject({
      body: { detail: "error.stack must have at most 8192 characters." },
    });
    expect(await jobs.job(id)).toMatchObject({ state: "running" });
    await jobs.done("POST", "/reject", { receipts, error: error("😀".repeat(1_024), "x".repeat(8_192)) });

    expect((await jobs.job(id)).error).toEqual(error("😀".repeat(1_024), "x".repeat(8_192)));
  });
});

describe("a list", () => {
  // taskforcesh/bullmq#1990, #1007, utgarda/sidekiq-status#154: pages are too long, too short, or miss jobs.
  test("of jobs that is read in pages while they end misses none", async () => {
    const jobs = new HttpJobs(server);
    const messages = Array.from({ length: 60 }, (_, body) => ({ body, headers: { "dq-task": "resize" } }));
    const { ids } = await jobs.done("POST", "/messages", { messages });
    const seen = new Set<string>();
    for (let cursor: string | null = ""; cursor !== null; ) {
      const page = await jobs.done("GET", `/jobs?limit=7&cursor=${cursor}`);
      expect(page.jobs.length).toBeLessThanOrEqual(7);
      for (const { id } of page.jobs) seen.add(id);
      cursor = page.cursor;
      const { messages: next } = await jobs.done("POST", "/receive", { max: 5 });
      const receipts = next.map(({ receipt }: { receipt: string }) => receipt);
      if (receipts.length > 0) await jobs.done("POST", "/ack", { receipts, results: receipts });
    }

    expect(ids.filter((id: string) => !seen.has(id))).toEqual([]);
  });

  // utgarda/sidekiq-status#90, #16: a job that was removed is shown as it was before.
  test("shows each job as it is now, whatever has become of it", async () => {
    const jobs = new HttpJobs(server);
    const ids = [];
    for (let n = 0; n < 5; n += 1) ids.push(await jobs.submit(n));
    await jobs.ack(await jobs.begin(), 0);
    await jobs.done("POST", "/reject", { receipts: [await jobs.begin()] });
    await jobs.begin();
    await jobs.done("DELETE", `/messages/${ids[3]}`);

    const states = new Map((await jobs.list()).map(({ id, state }) => [id, state]));

    expect(ids.map((id) => states.get(id))).toEqual(["done", "failed", "running", "cancelled", "waiting"]);
  });
});
