/**
 * Jobs over HTTP: what went wrong for ordinary users of other queues with results, progress and cancelling, as they
 * reported it in public. The repository and number of a report stand with its test.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HttpJobs } from "../support/http/http-jobs.ts";
import { TestServer } from "../support/server.ts";

const server = new TestServer({ isMovable: true });

beforeAll(() => server.start());
afterAll(() => server.remove());

describe("a result", () => {
  // celery/celery#3596, #4450: an id that never was, or has expired, is shown as waiting.
  test("that is waited for, one that has expired and one that never was are told apart", async () => {
    const [jobs, other] = [new HttpJobs(server), new HttpJobs(server)];
    const waiting = await jobs.submit(1, { priority: 200, delaySeconds: 1_000 });
    const ended = await jobs.submit(2, { resultSeconds: 10 });
    const elsewhere = await other.submit(3);
    await jobs.ack(await jobs.begin(), "kept");

    expect(await jobs.job(waiting)).toMatchObject({ state: "delayed" });
    expect(await jobs.job(ended)).toMatchObject({ state: "done", result: "kept" });
    await server.pass(11, jobs.name);
    expect(await jobs.refusal(ended)).toMatchObject({ code: "unknown_message", expired: true });
    expect(await jobs.refusal(elsewhere)).toMatchObject({ code: "unknown_message", expired: false });
    expect(await jobs.refusal("ANYTHING")).toMatchObject({ code: "unknown_message", expired: false });
  });

  // taskforcesh/bullmq#85, OptimalBits/bull#1906, #2504: a wait that begins after the end of the job hangs.
  test("is told to callers who ask before, at and after the end, also if it is not kept", async () => {
    const jobs = new HttpJobs(server);
    const [kept, lost] = [await jobs.submit("kept"), await jobs.submit("lost", { resultSeconds: 0 })];
    const before = [jobs.job(kept, 20), jobs.job(lost, 20)];
    await jobs.arrival();
    for (const n of [1, 2]) await jobs.ack(await jobs.begin(), n);

    expect(await Promise.all(before)).toMatchObject([{ result: 1 }, { result: 2 }]);
    expect(await jobs.job(kept, 20)).toMatchObject({ state: "done", result: 1 });
    expect(await jobs.refusal(lost)).toMatchObject({ expired: true });
  });

  // taskforcesh/bullmq#2341, OptimalBits/bull#1371: the job is removed, and a call that waits for it is never answered.
  test.each([
    ["cancelled", "DELETE", "/messages/:id", undefined, { status: 200, body: { state: "cancelled" } }],
    ["purged", "POST", "/purge", {}, { status: 200, body: { state: "cancelled", error: { name: "Removed" } } }],
    ["shut down", "POST", "/shutdown", { immediate: true }, { status: 200, body: { state: "cancelled" } }],
    ["deleted with its queue", "DELETE", "", undefined, { status: 404, body: { code: "unknown_queue" } }],
  ])("of a job that is %s is not awaited for ever", async (_, method, path, body, answer) => {
    const jobs = new HttpJobs(server);
    const id = await jobs.submit(1);
    const wait = jobs.call("GET", `/messages/${id}/result?timeoutSeconds=20`);
    await jobs.arrival();
    await jobs.done(method, path.replace(":id", id), body);

    expect(await wait).toMatchObject(answer);
  });

  // rq/rq#118, #1832: a job without a return value, or with one that is false, has no result, or is not kept.
  test("is what was given, also null, false and strange text, and also after a restart", async () => {
    const jobs = new HttpJobs(server);
    const strange = ["é 😀 \u2028 \u0000 \ud800", JSON.parse('{"__proto__":{"a":1},"constructor":null,"":[{}]}')];
    const results: unknown[] = [null, 0, false, "", [], {}, -1.5e-9, ...strange];
    const ids: string[] = [];
    for (const result of results) {
      ids.push(await jobs.submit(1));
      await jobs.ack(await jobs.begin(), result);
    }
    await server.crash();
    await server.start();

    const kept: unknown[] = [];
    for (const id of ids) kept.push((await jobs.job(id)).result);

    expect(kept.map((result) => JSON.stringify(result))).toEqual(results.map((result) => JSON.stringify(result)));
  });

  // celery/celery#461, Koed00/django-q#719, rq/rq#1888: what cannot be stored is cut, or the job has no result.
  test("that is too large is refused to its worker, who still has the job and can say why it failed", async () => {
    const jobs = new HttpJobs(server);
    const id = await jobs.submit(1);
    const receipt = await jobs.begin();
    const large = "é".repeat(600_000);

    const refused = await jobs.call("POST", "/ack", { receipts: [receipt], results: [large] });
    expect(refused).toMatchObject({ status: 413, body: { code: "too_large" } });
    expect(refused.body.detail).toBe("results[0] has 1200002 bytes; at most 1048576 are allowed.");
    expect(await jobs.job(id)).toMatchObject({ state: "running" });
    const error = { name: "TooLarge", message: refused.body.detail };
    await jobs.done("POST", "/reject", { receipts: [receipt], error });

    expect(await jobs.job(id)).toMatchObject({ state: "failed", reason: "rejected", error });
  });

  // infiniflow/ragflow#12666: NaN, as Python's json writes it, is passed on, and breaks every reader of the result.
  test("that is no JSON is refused, and the job goes on", async () => {
    const jobs = new HttpJobs(server);
    const id = await jobs.submit(1);
    const receipt = await jobs.begin();

    const refused = await jobs.call("POST", "/ack", `{"receipts":["${receipt}"],"results":[NaN]}`);

    expect(refused).toMatchObject({ status: 400, body: { code: "invalid" } });
    expect(await jobs.job(id)).toMatchObject({ state: "running" });
  });

  // celery/celery#5306, #3270: a slow worker's job is handed out again, and the last to end decides.
  test("of a worker that lost its lease does not replace that of the next one", async () => {
    const jobs = new HttpJobs(server);
    const id = await jobs.submit(1);
    const slow = await jobs.begin();
    await server.pass(40, jobs.name);
    const next = await jobs.begin();

    expect(await jobs.ack(slow, "late")).toEqual({ acked: 0, stale: [slow] });
    expect(await jobs.ack(next, "right")).toEqual({ acked: 1, stale: [] });
    expect(await jobs.ack(slow, "later")).toEqual({ acked: 0, stale: [slow] });
    expect(await jobs.job(id)).toMatchObject({ result: "right", attempts: 2 });
  });

  // celery/celery#4671: the broker restarts while a job runs, its end is not taken, and it runs twice.
  test("of a job that runs while the server restarts is taken afterwards, and a call that waited gets it at its next try", async () => {
    const jobs = new HttpJobs(server);
    const id = await jobs.submit(1, {}, "submit-1");
    const receipt = await jobs.begin();
    const cut = jobs.job(id, 20).catch((error: unknown) => error);
    await jobs.arrival();
    await server.crash();
    await server.start();

    expect(await cut).toBeInstanceOf(Error);
    const wait = jobs.job(id, 20);
    await jobs.arrival();
    expect(await jobs.ack(receipt, "after the restart")).toEqual({ acked: 1, stale: [] });
    expect(await wait).toMatchObject({ state: "done", result: "after the restart", attempts: 1 });
    expect(await jobs.submit(1, {}, "submit-1")).toBe(id);
    expect(await jobs.list()).toHaveLength(1);
  });

  // OptimalBits/bull#738: each caller is one listener more, and there are soon too many.
  test("is told to 200 callers that ask for it at once", async () => {
    const jobs = new HttpJobs(server);
    const id = await jobs.submit(1);
    const waits = Array.from({ length: 200 }, () => jobs.job(id, 20));
    await jobs.arrival();
    await jobs.ack(await jobs.begin(), "for all");

    for (const job of await Promise.all(waits)) expect(job).toMatchObject({ result: "for all" });
  });
});
