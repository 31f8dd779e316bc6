import { describe, expect, test } from "vitest";
import { type Driver, type Level, receiptsOf } from "../drivers/driver.ts";

const TASK = { "dq-task": "resize" };

/** Puts one job of the task `resize`. */
export async function putJob(queue: Driver, options: object = {}): Promise<string> {
  const [id = ""] = await queue.put([{ body: { n: 1 }, headers: TASK, ...options }]);
  return id;
}

/** The receipt of the next message. */
export async function begin(queue: Driver): Promise<string> {
  const [receipt = ""] = receiptsOf(await queue.receive());
  return receipt;
}

/** What a call is refused with for an id of which nothing is known. */
export const UNKNOWN = { code: "unknown_message" };

/** @param now the server's time in seconds since 1970, or near it */
export function jobs(level: Level, now: () => number): void {
  describe("a job", () => {
    test("is waiting, running and done, with the result of its ack", async () => {
      const queue = level.queue();
      const id = await putJob(queue);
      expect(await queue.result(id)).toMatchObject({ id, state: "waiting", task: "resize", attempts: 0 });

      const receipt = await begin(queue);
      const running = await queue.result(id);
      expect(running).toMatchObject({ id, state: "running", attempts: 1 });
      expect(running.leaseEndsAt).toBeGreaterThan(now());

      expect(await queue.ack([receipt], [{ key: "é 😀", size: [1, null] }])).toBe(1);
      const done = await queue.result(id);
      expect(done).toMatchObject({
        id,
        state: "done",
        task: "resize",
        result: { key: "é 😀", size: [1, null] },
        attempts: 1,
      });
      expect((done.expiresAt ?? 0) - (done.finishedAt ?? 0)).toBe(3_600);
      expect(done.putAt).toBeLessThanOrEqual(done.finishedAt ?? 0);
    });

    test("that waits for its time is delayed", async () => {
      const queue = level.queue();
      const id = await putJob(queue, { delaySeconds: 60 });

      const job = await queue.result(id);

      expect(job.state).toBe("delayed");
      expect(job.visibleAt).toBeCloseTo(job.putAt + 60, 1);
    });

    test("is awaited by several callers, who all get the same", async () => {
      const queue = level.queue();
      const id = await putJob(queue);
      const waits = [queue.result(id, 20), queue.result(id, 20)];
      await level.arrival(queue);
      await queue.ack([await begin(queue)], ["ready"]);

      for (const job of await Promise.all(waits)) expect(job).toMatchObject({ state: "done", result: "ready" });
    });

    test("is shown as it is to a caller whose time is over", async () => {
      const queue = level.queue();
      const id = await putJob(queue);
      const wait = queue.result(id, 1);
      await level.arrival(queue);
      await level.pass(1);

      expect(await wait).toMatchObject({ state: "waiting" });
    });

    test("keeps its task when its other headers are changed", async () => {
      const queue = level.queue();
      const id = await putJob(queue, { headers: { ...TASK, tenant: "7" } });

      expect((await queue.change(id, { headers: { tenant: "8" } })).headers).toEqual({ ...TASK, tenant: "8" });
      expect((await queue.change(id, { headers: null })).headers).toEqual(TASK);
      await expect(queue.change(id, { headers: { "dq-task": "crop" } })).rejects.toThrow();
      expect(await queue.result(id)).toMatchObject({ task: "resize", state: "waiting" });
    });

    test("that is acked without a result has null", async () => {
      const queue = level.queue();
      const id = await putJob(queue);
      await queue.ack([await begin(queue)]);

      expect(await queue.result(id)).toMatchObject({ state: "done", result: null });
    });

    test("that is taken for good is done", async () => {
      const queue = level.queue();
      const id = await putJob(queue);
      await queue.take();

      expect(await queue.result(id)).toMatchObject({ state: "done", result: null, attempts: 1 });
    });

    test("has one result however often it is delivered: that of the lease that counts", async () => {
      const queue = level.queue();
      await queue.configure({ retryDelaySeconds: 0 });
      const id = await putJob(queue);
      const first = await begin(queue);
      await level.pass(31);
      const second = await begin(queue);

      expect(await queue.ack([first], ["late"])).toBe(0);
      expect(await queue.ack([second], ["right"])).toBe(1);
      expect(await queue.ack([second], ["twice"])).toBe(0);
      expect(await queue.result(id)).toMatchObject({ state: "done", result: "right", attempts: 2 });
      expect(await queue.jobs()).toHaveLength(1);
    });
  });

  describe("a job that fails", () => {
    test("after its last attempt has the error of that one", async () => {
      const queue = level.queue();
      await queue.configure({ retryDelaySeconds: 0 });
      const id = await putJob(queue, { maxAttempts: 2 });
      await queue.retry([await begin(queue)], { error: { name: "RangeError", message: "first" } });
      expect(await queue.result(id)).toMatchObject({ state: "waiting", attempts: 1 });
      const [again] = await queue.receive();
      expect(again?.lastError).toBe("RangeError: first");
      const error = { name: "TypeError", message: "second", stack: "    at resize (file.js:1:1)" };
      await queue.retry([again?.receipt ?? ""], { error });

      const failed = await queue.result(id);

      expect(failed).toMatchObject({ state: "failed", reason: "max_attempts", attempts: 2, error });
      expect(failed).not.toHaveProperty("result");
      expect((await queue.peek(id)).lastError).toBe("TypeError: second\n    at resize (file.js:1:1)");
    });

    test("because it is rejected is told why, at once", async () => {
      const queue = level.queue();
      const id = await putJob(queue);
      const wait = queue.result(id, 20);
      await level.arrival(queue);
      await queue.reject([await begin(queue)], "no such file");

      const error = { name: "Error", message: "no such file" };
      expect(await wait).toMatchObject({ state: "failed", reason: "rejected", error, attempts: 1 });
    });

    test("because its worker died is told so", async () => {
      const queue = level.queue();
      const id = await putJob(queue, { maxAttempts: 1 });
      await begin(queue);
      await level.pass(31);

      const failed = await queue.result(id);

      expect(failed).toMatchObject({ state: "failed", reason: "max_attempts", attempts: 1 });
      expect(failed.error).toEqual({
        name: "AttemptsUsedUp",
        message:
          "Its last attempt, number 1, ended without an answer or an error: the worker died, was cut off, or was too slow.",
      });
    });

    test("because no worker began it in time is told so, though its message is gone", async () => {
      const queue = level.queue();
      const id = await putJob(queue, { retentionSeconds: 5 });
      await level.pass(6);

      const error = { name: "Expired", message: "It was not finished before its retention was over." };
      expect(await queue.result(id)).toMatchObject({ state: "failed", reason: "expired", error });
    });

    test("keeps its error when its message goes to another queue", async () => {
      const [queue, dead] = [level.queue(), level.queue()];
      await dead.configure({});
      await queue.configure({ deadLetterQueue: dead.name });
      const id = await putJob(queue);
      await queue.reject([await begin(queue)], "broken");
      await dead.receive({ timeoutSeconds: 5 });

      expect(await queue.result(id)).toMatchObject({ state: "failed", error: { message: "broken" } });
    });

    test("and is redriven is waiting again, and has one outcome in the end", async () => {
      const queue = level.queue();
      const id = await putJob(queue);
      await queue.reject([await begin(queue)], "broken");
      await queue.redrive();
      expect(await queue.result(id)).toMatchObject({ state: "waiting" });
      expect(await queue.jobs()).toMatchObject([{ id, state: "waiting" }]);
      await queue.ack([await begin(queue)], ["mended"]);

      expect(await queue.result(id)).toMatchObject({ state: "done", result: "mended" });
      expect(await queue.jobs()).toMatchObject([{ id, state: "done" }]);
      expect((await queue.describe()).results).toBe(1);
    });
  });

  describe("cancelling a job", () => {
    test("that waits removes it, and tells who awaits it", async () => {
      const queue = level.queue();
      const id = await putJob(queue);
      const wait = queue.result(id, 20);
      await level.arrival(queue);
      await queue.cancel(id);

      const error = { name: "Cancelled", message: "The job was cancelled." };
      expect(await wait).toMatchObject({ state: "cancelled", error });
      expect(await queue.result(id)).toMatchObject({ state: "cancelled" });
      expect(await queue.receive()).toEqual([]);
    });

    test("that runs makes its receipt stale, and its worker is told why", async () => {
      const queue = level.queue();
      const id = await putJob(queue);
      const receipt = await begin(queue);
      await queue.cancel(id);

      expect(await queue.progress(receipt, 50)).toEqual({ stale: true, cancelled: true });
      expect(await queue.ack([receipt], ["too late"])).toBe(0);
      expect(await queue.result(id)).toMatchObject({ state: "cancelled", attempts: 1 });
    });

    test("that has ended is refused, and changes nothing", async () => {
      const queue = level.queue();
      const id = await putJob(queue);
      await queue.ack([await begin(queue)], [1]);

      await expect(queue.cancel(id)).rejects.toMatchObject(UNKNOWN);
      expect(await queue.result(id)).toMatchObject({ state: "done", result: 1 });
    });
  });

  describe("progress", () => {
    test("is that which was told last, until the job ends", async () => {
      const queue = level.queue();
      const id = await putJob(queue);
      const receipt = await begin(queue);
      expect(await queue.progress(receipt, 1)).toEqual({ stale: false, cancelled: false });
      await queue.progress(receipt, { percent: 50, file: "b" });
      expect(await queue.result(id)).toMatchObject({ state: "running", progress: { percent: 50, file: "b" } });
      await queue.ack([receipt], [1]);

      expect(await queue.result(id)).not.toHaveProperty("progress");
    });

    test("of a lease that is over changes nothing", async () => {
      const queue = level.queue();
      await putJob(queue);
      const receipt = await begin(queue);
      await level.pass(31);

      expect(await queue.progress(receipt, 1)).toEqual({ stale: true, cancelled: false });
    });
  });
}
