/** How chunks are put and cancelled, against a queue that only notes it. */
import { expect, test } from "vitest";
import { Forbidden } from "../../../worker-client/src/index.ts";
import { Chunk } from "../../../worker-client/src/pools/chunk.ts";
import type { OutcomeSink, Outcomes } from "../../../worker-client/src/pools/outcomes.ts";
import type { PoolJobs } from "../../../worker-client/src/pools/pool-jobs.ts";
import { Submitter } from "../../../worker-client/src/pools/submitter.ts";
import { JsonText } from "../../../worker-client/src/transport/put-messages.ts";

function chunkOf(begin: number, sink: OutcomeSink): Chunk {
  return new Chunk("square", { begin, count: 1, content: new JsonText("[1]"), bytes: 3 }, sink);
}

function noted(jobs: Partial<PoolJobs> = {}) {
  const puts: number[] = [];
  const answers: (() => void)[] = [];
  const reported: string[] = [];
  const queue: PoolJobs = {
    queue: "noted",
    put: (chunks) => {
      puts.push(chunks.length);
      return new Promise((resolve) => answers.push(() => resolve(chunks.map((_, index) => `${puts.length}-${index}`))));
    },
    watch: () => () => undefined,
    ended: () => undefined,
    hasBegun: async () => false,
    cancel: async () => true,
    ...jobs,
  };
  const took: Outcomes[] = [];
  const sink = { took: (outcomes: Outcomes) => took.push(outcomes) };
  const submitter = new Submitter(queue, { cancelled: () => undefined, error: (_, __, what) => reported.push(what) });
  const submit = (count: number) => {
    for (let n = 0; n < count; n += 1) submitter.submit(chunkOf(n, sink));
  };
  return { puts, answers, reported, took, submitter, submit };
}

test("chunks of one turn are put together, and a few batches at a time", async () => {
  const { puts, answers, submit } = noted();

  submit(10_000);
  await new Promise(setImmediate);
  expect(puts).toEqual([1_000, 1_000, 1_000, 1_000]);

  answers[0]?.();
  await expect.poll(() => puts.length).toBe(5);
});

test("jobs that the key may not cancel are reported once", async () => {
  const cancel = () => Promise.reject(new Forbidden("The key does not grant this."));
  const { answers, reported, took, submitter, submit } = noted({ cancel });
  submit(3);
  await new Promise(setImmediate);
  answers[0]?.();
  await new Promise(setImmediate);

  await submitter.drop(new Error("terminated"));

  expect(took).toHaveLength(3);
  expect(reported).toEqual([
    expect.stringContaining("jobs of the pool could not be cancelled, and go on: its key may not"),
  ]);
});

test("what is dropped while its put waits for room is not put any more", async () => {
  const signals: (AbortSignal | undefined)[] = [];
  const { submitter, submit, took } = noted({
    put: (_chunks, _key, signal) => {
      signals.push(signal);
      return new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
    },
  });
  submit(3);
  await new Promise(setImmediate);

  await submitter.drop(new Error("terminated"));

  expect(took).toHaveLength(3);
  expect(signals.map((signal) => signal?.aborted)).toEqual([true]);
});

test("what is dropped while it is being put is cancelled before the drop has ended", async () => {
  const cancelled: string[] = [];
  const { answers, submitter, submit } = noted({ cancel: async (id) => cancelled.push(id) > 0 });
  submit(2);
  await new Promise(setImmediate);

  const dropped = submitter.drop(new Error("terminated"));
  answers[0]?.();
  await dropped;

  expect(cancelled).toEqual(["1-0", "1-1"]);
});

test("a put goes on that has chunks which are not dropped", async () => {
  const cancelled: string[] = [];
  const other = { took: () => undefined };
  const { answers, submitter, submit } = noted({ cancel: async (id) => cancelled.push(id) > 0 });
  submit(1);
  submitter.submit(chunkOf(1, other));
  await new Promise(setImmediate);

  await submitter.drop(new Error("not read any more"), other);
  answers[0]?.();

  await expect.poll(() => cancelled).toEqual(["1-1"]);
});
