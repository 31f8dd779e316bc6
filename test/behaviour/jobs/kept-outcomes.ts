import { describe, expect, test } from "vitest";
import { type Driver, type Level, messagesOf, receiptsOf } from "../drivers/driver.ts";
import { begin, putJob, UNKNOWN } from "./jobs.ts";

/** What is kept of jobs that have ended, and how it is listed. */
export function keptOutcomes(level: Level): void {
  describe("what is kept", () => {
    test("of a plain message is nothing, unless it is acked with a result", async () => {
      const queue = level.queue();
      const [plain = "", given = ""] = await queue.put(messagesOf("a", "b"));
      await queue.ack([await begin(queue)]);
      await queue.ack([await begin(queue)], [7]);

      await expect(queue.result(plain)).rejects.toMatchObject(UNKNOWN);
      expect(await queue.result(given)).toMatchObject({ state: "done", result: 7 });
    });

    test("of a plain message that is awaited when it ends is told all the same", async () => {
      const queue = level.queue();
      const [id = ""] = await queue.put(messagesOf("a"));
      const wait = queue.result(id, 20);
      await level.arrival(queue);
      await queue.ack([await begin(queue)]);

      expect(await wait).toMatchObject({ id, state: "done", result: null });
    });

    test("lasts for resultSeconds, the job's or else the queue's", async () => {
      const queue = level.queue();
      await queue.configure({ resultSeconds: 100 });
      const [short, long] = [await putJob(queue, { resultSeconds: 10 }), await putJob(queue)];
      await queue.ack(receiptsOf(await queue.receive({ max: 2 })), [1, 2]);
      await level.pass(11);
      await expect(queue.result(short)).rejects.toMatchObject(UNKNOWN);
      expect(await queue.result(long)).toMatchObject({ result: 2 });
      await level.pass(90);

      await expect(queue.result(long)).rejects.toMatchObject(UNKNOWN);
      expect(await queue.jobs()).toEqual([]);
    });

    test("is nothing where resultSeconds is 0", async () => {
      const queue = level.queue();
      const id = await putJob(queue, { resultSeconds: 0 });
      await queue.ack([await begin(queue)], [1]);

      await expect(queue.result(id)).rejects.toMatchObject(UNKNOWN);
      expect((await queue.describe()).results).toBe(0);
    });

    test("can be purged alone", async () => {
      const queue = level.queue();
      const [done, waiting] = [await putJob(queue), await putJob(queue)];
      await queue.ack([await begin(queue)], [1]);
      expect((await queue.describe()).results).toBe(1);

      expect(await queue.purge("finished")).toBe(1);

      await expect(queue.result(done)).rejects.toMatchObject(UNKNOWN);
      expect(await queue.result(waiting)).toMatchObject({ state: "waiting" });
      expect((await queue.describe()).results).toBe(0);
    });

    test("of jobs that are purged is nothing, and who awaits them is told that they are cancelled", async () => {
      const queue = level.queue();
      const id = await putJob(queue);
      const wait = queue.result(id, 20);
      await level.arrival(queue);
      await queue.purge();

      expect(await wait).toMatchObject({ state: "cancelled" });
      await expect(queue.result(id)).rejects.toMatchObject(UNKNOWN);
    });
  });

  describe("the list of jobs", () => {
    test("has those that go on in the order of their puts, then the others, the newest first", async () => {
      const queue = level.queue();
      const ids: string[] = [];
      for (let count = 0; count < 4; count += 1) ids.push(await putJob(queue));
      await queue.put(messagesOf("plain"));
      await queue.ack([await begin(queue)], [0]);
      await level.pass(1);
      await queue.reject([await begin(queue)], "broken");

      const listed = await queue.jobs({ limit: 1 });

      expect(listed.map(({ id, state }) => [ids.indexOf(id), state])).toEqual([
        [2, "waiting"],
        [3, "waiting"],
        [1, "failed"],
        [0, "done"],
      ]);
    });

    test("can be of one state, one task and one time", async () => {
      const queue = level.queue();
      const done = await putJob(queue);
      const other = await putJob(queue, { headers: { "dq-task": "crop" } });
      await queue.ack([await begin(queue)], [1]);
      const { finishedAt = 0 } = await queue.result(done);

      const idsOf = async (request: Parameters<Driver["jobs"]>[0]) => (await queue.jobs(request)).map(({ id }) => id);

      expect(await idsOf({ state: "done" })).toEqual([done]);
      expect(await idsOf({ state: "waiting" })).toEqual([other]);
      expect(await idsOf({ task: "crop" })).toEqual([other]);
      expect(await idsOf({ state: "done", since: finishedAt })).toEqual([done]);
      expect(await idsOf({ state: "done", before: finishedAt })).toEqual([]);
    });
  });

  describe("tasks that workers announce", () => {
    test("are listed by name with the schema of their input, each with the newest", async () => {
      const queue = level.queue();
      await queue.announce([{ name: "resize", input: { type: "string" } }, { name: "crop" }]);
      await queue.announce([{ name: "resize", input: { type: "object", required: ["url"] } }]);

      expect(await queue.tasks()).toEqual([
        { name: "resize", input: { type: "object", required: ["url"] } },
        { name: "crop" },
      ]);
    });
  });
}
