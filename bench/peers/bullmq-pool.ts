// Processes of BullMQ's workers, and a map over jobs: `addBulk`, and the results from the stream of events.
import { fork } from "node:child_process";
import { once } from "node:events";
import { Queue, QueueEvents } from "bullmq";
import type { BenchPool, PoolOptions } from "../contender.ts";

/** Jobs that are added together. Of 100, 1,000 and 10,000 the fastest here. */
const BATCH = 1_000;

/** So many events are kept until they are read: more than there are at a time. */
const EVENTS_MAX = 1_000_000;

/** Starts processes of workers, which end with this one. */
export async function startPool(
  { task, processes }: PoolOptions,
  port: number,
  concurrency: number,
): Promise<BenchPool> {
  const connection = { host: "127.0.0.1", port, maxRetriesPerRequest: null };
  const queue = new Queue<number, number>("pool", {
    connection,
    defaultJobOptions: { removeOnComplete: true },
    streams: { events: { maxLen: EVENTS_MAX } },
  });
  const started = Array.from({ length: processes }, async () => {
    const child = fork(`${import.meta.dirname}/bullmq-processor.ts`, [queue.name, `${port}`, task, `${concurrency}`]);
    const [word] = await Promise.race([once(child, "message"), once(child, "exit")]);
    if (word !== "ready") throw new Error(`A process of workers ended with ${word}.`);
  });
  await Promise.all(started);
  const events = new QueueEvents(queue.name, { connection });
  await events.waitUntilReady();
  return {
    async map(inputs) {
      const results: number[] = [];
      const ended = allEnded(events, inputs.length, (index, result) => {
        results[index] = result;
      });
      for (let from = 0; from < inputs.length; from += BATCH) {
        const bulk = inputs.slice(from, from + BATCH).map((data, index) => ({
          name: task,
          data,
          // By its id the place of a result is known without a table; numbers alone are refused.
          opts: { jobId: `${task}-${from + index}` },
        }));
        await queue.addBulk(bulk);
      }
      await ended;
      return results;
    },
  };
}

/** Kept when so many jobs have ended. */
function allEnded(events: QueueEvents, count: number, take: (index: number, result: number) => void): Promise<void> {
  let left = count;
  return new Promise((resolve, reject) => {
    const completed = ({ jobId, returnvalue }: { jobId: string; returnvalue: string }) => {
      take(Number(jobId.slice(jobId.indexOf("-") + 1)), Number(returnvalue));
      left -= 1;
      if (left > 0) return;
      events.off("completed", completed).off("failed", failed);
      resolve();
    };
    const failed = ({ jobId, failedReason }: { jobId: string; failedReason: string }) =>
      reject(new Error(`The job ${jobId} failed: ${failedReason}`));
    events.on("completed", completed).on("failed", failed);
  });
}
