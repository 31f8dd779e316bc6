/** How the client asks for jobs: what it sends, and what it does when the connection or the server's memory is gone. */
import { describe, expect, test } from "vitest";
import type { JobReply } from "../../../src/api/types.ts";
import { asCompleted } from "../../../worker-client/src/jobs/as-completed.ts";
import { Job } from "../../../worker-client/src/jobs/job.ts";
import { QueueCalls } from "../../../worker-client/src/message/queue-calls.ts";
import type { Call, Outcome, Route, WatchListener } from "../../../worker-client/src/transport/call.ts";

/** A route that answers what a test says. */
class FakeRoute implements Route {
  readonly place = { address: "http://127.0.0.1:1", queue: "tasks" };
  readonly sent: Call[] = [];
  readonly pollsMax = 2;
  listener: WatchListener | undefined;
  readonly watches = {
    isOnHttp: false,
    listen: (listener: WatchListener) => {
      this.listener = listener;
    },
  };
  answer: (call: Call) => unknown = (call) => ({ jobs: idsOf(call).map((id) => viewOf(id)) });

  async send<Value>(call: Call): Promise<Outcome<Value>> {
    this.sent.push(call);
    return { value: (await this.answer(call)) as Value, isRepeated: false };
  }

  /** The verbs that were sent, with the ids of each. */
  get asked(): unknown[] {
    return this.sent.map(({ verb, request = {} }) => [verb, request.ids ?? request.id]);
  }

  close(): void {}
}

function idsOf({ request = {} }: Call): string[] {
  return request.ids as string[];
}

function viewOf(id: string, more: Partial<JobReply> = {}): JobReply {
  return { id, state: "running", attempts: 1, putAt: 0, ...more };
}

function done(id: string, result: unknown = id): JobReply {
  return viewOf(id, { state: "done", result });
}

function jobsOf(route: Route, ids: readonly string[]): Job[] {
  const calls = new QueueCalls("tasks", route);
  return ids.map((id) => new Job(id, "resize", calls));
}

/** Lets everything happen that waits for no more than turns of the event loop. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resume) => setImmediate(resume));
}

describe("over a socket", () => {
  test("jobs that are awaited in the same turn are asked for together, each once", async () => {
    const route = new FakeRoute();
    const [a, b] = jobsOf(route, ["a", "b"]) as [Job, Job];
    const results = [a.result(), b.result(), a.result()];
    await turns();
    for (const id of ["a", "b"]) route.listener?.heard(done(id));

    expect(await Promise.all(results)).toEqual(["a", "b", "a"]);
    expect(route.asked).toEqual([["watch", ["a", "b"]]]);
    expect(await a.result()).toBe("a");
    expect(route.listener?.isWatching).toBe(false);
  });

  test("a job is asked for again if the server forgets it in the frame of its answer", async () => {
    const route = new FakeRoute();
    const answer = Promise.withResolvers<unknown>();
    route.answer = () => answer.promise;
    const [job] = jobsOf(route, ["a"]) as [Job];
    const result = job.result();
    await turns();
    route.answer = () => ({ jobs: [done("a")] });
    answer.resolve({ jobs: [viewOf("a")] });
    route.listener?.forgotten();

    expect(await result).toBe("a");
    expect(route.asked).toEqual([
      ["watch", ["a"]],
      ["watch", ["a"]],
    ]);
  });

  test("at most 1,000 are in one operation", async () => {
    const route = new FakeRoute();
    const ids = Array.from({ length: 2_500 }, (_, n) => `job-${n}`);
    const results = jobsOf(route, ids).map((job) => job.result());
    await turns();
    for (const id of ids) route.listener?.heard(done(id));

    expect(await Promise.all(results)).toEqual(ids);
    expect(route.sent.map((call) => idsOf(call).length)).toEqual([1_000, 1_000, 500]);
  });

  test("they are asked for again when the connection or the server's memory is gone", async () => {
    const route = new FakeRoute();
    const [a, b] = jobsOf(route, ["a", "b"]) as [Job, Job];
    const results = [a.result(), b.result()];
    await turns();
    route.listener?.heard(done("a"));
    route.listener?.forgotten();
    await turns();
    route.listener?.heard(done("b"));

    expect(await Promise.all(results)).toEqual(["a", "b"]);
    expect(route.asked).toEqual([
      ["watch", ["a", "b"]],
      ["watch", ["b"]],
    ]);
  });

  test("a result that is not in the line is fetched, some at a time", async () => {
    const route = new FakeRoute();
    const ids = ["a", "b", "c"];
    let open = 0;
    let most = 0;
    route.answer = async ({ verb, request }) => {
      if (verb === "watch") return { jobs: ids.map((id) => viewOf(id, { state: "done" })) };
      open += 1;
      most = Math.max(most, open);
      await turns();
      open -= 1;
      return done(String(request?.id), "large");
    };

    expect(await Promise.all(jobsOf(route, ids).map((job) => job.result()))).toEqual(["large", "large", "large"]);
    expect(most).toBe(2);
  });

  test("a job for which no caller waits any more is not watched any more", async () => {
    const route = new FakeRoute();
    const [a] = jobsOf(route, ["a"]) as [Job];
    const leaving = new AbortController();
    const results = [a.result({ signal: leaving.signal }), a.result({ signal: leaving.signal })];
    await turns();
    leaving.abort(new Error("left"));

    expect((await Promise.allSettled(results)).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    await turns();
    expect(route.asked).toEqual([
      ["watch", ["a"]],
      ["unwatch", ["a"]],
    ]);
    expect(route.listener?.isWatching).toBe(false);
  });

  test("a wait is over in time although nothing is answered", async () => {
    const route = new FakeRoute();
    route.answer = () => new Promise(() => undefined);
    const [a] = jobsOf(route, ["a"]) as [Job];

    await expect(a.result({ timeoutSeconds: 0.01 })).rejects.toMatchObject({ code: "timeout", retryable: true });
    await expect(asCompleted([a], { timeoutSeconds: 0.01 }).next()).rejects.toMatchObject({ code: "timeout" });
    await turns();
    expect(route.listener?.isWatching).toBe(false);
  });

  test("what ends the call ends the wait", async () => {
    const route = new FakeRoute();
    route.answer = () => Promise.reject(new Error("refused"));
    const [a, b] = jobsOf(route, ["a", "b"]) as [Job, Job];
    const results = [a.result(), b.result()];

    expect((await Promise.allSettled(results)).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(route.listener?.isWatching).toBe(false);
  });

  test("events are asked for where they are read, also of a job that is watched already", async () => {
    const route = new FakeRoute();
    const [a] = jobsOf(route, ["a"]) as [Job];
    const result = a.result();
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const { state, progress } of a) seen.push([state, progress]);
    })();
    await turns();
    for (const progress of [1, 2, 2, 3]) route.listener?.heard(viewOf("a", { progress }));
    await turns();
    route.listener?.heard(viewOf("a", { progress: 3 }));
    route.listener?.heard(done("a"));

    await Promise.all([result, reading]);
    expect(route.sent.map(({ request }) => request)).toEqual([{ ids: ["a"], events: true }]);
    expect(seen).toEqual([
      ["running", undefined],
      ["running", 3],
      ["done", undefined],
    ]);
  });
});

describe("over HTTP", () => {
  test("jobs are asked for one by one, a bounded number at a time, until all have ended", async () => {
    const route = new FakeRoute();
    route.watches.isOnHttp = true;
    const ids = Array.from({ length: 50 }, (_, n) => `job-${n}`);
    const asked = new Map<string, number>();
    let open = 0;
    let most = 0;
    route.answer = async ({ request }) => {
      open += 1;
      most = Math.max(most, open);
      await new Promise((resume) => setImmediate(resume));
      open -= 1;
      const id = String(request?.id);
      asked.set(id, (asked.get(id) ?? 0) + 1);
      return asked.get(id) === 3 ? done(id) : viewOf(id);
    };

    expect(await Promise.all(jobsOf(route, ids).map((job) => job.result()))).toEqual(ids);
    expect(most).toBe(2);
    expect(route.sent.every(({ verb }) => verb === "result")).toBe(true);
  });

  test("jobs that were watched over a socket are asked for when none can be opened", async () => {
    const route = new FakeRoute();
    const [a] = jobsOf(route, ["a"]) as [Job];
    const result = a.result();
    await turns();
    route.watches.isOnHttp = true;
    route.answer = () => done("a");
    route.listener?.unsupported();

    expect(await result).toBe("a");
    expect(route.asked).toEqual([
      ["watch", ["a"]],
      ["result", "a"],
    ]);
  });
});
