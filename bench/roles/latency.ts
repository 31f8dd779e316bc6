import { setTimeout as sleep } from "node:timers/promises";
import { percentile } from "../support/statistics.ts";
import type { Role } from "./role.ts";
import { numberOf, tasks } from "./task.ts";

/** A producer puts a message every few milliseconds, whether or not the last one is confirmed; a consumer waits. */
export const role: Role = async ({ connect, size }) => {
  const [count, warmUp] = [size("messages"), size("warmUp")];
  const [producer, consumer] = await Promise.all([connect(), connect()]);
  const putAt: number[] = [];
  const tookMs: number[] = [];
  let arrived = 0;
  let settle: () => void = () => undefined;
  const all = new Promise<void>((settled) => {
    settle = settled;
  });
  await consumer.consume("tasks", async (body) => {
    const number = numberOf(body);
    if (tookMs[number] !== undefined) return;
    tookMs[number] = performance.now() - (putAt[number] ?? Number.NaN);
    arrived += 1;
    if (arrived === warmUp + count) settle();
  });

  const putEach = async (from: number, to: number, gapMs: number) => {
    const puts: Promise<unknown>[] = [];
    for (const [index, body] of tasks(from, to).entries()) {
      putAt[from + index] = performance.now();
      puts.push(producer.put("tasks", body));
      await sleep(gapMs);
    }
    await Promise.all(puts);
  };
  // More often than what is measured, so that compilers have done with it.
  await putEach(0, warmUp, size("warmUpGapMs"));
  return async () => {
    await putEach(warmUp, warmUp + count, size("gapMs"));
    await all;
    const sorted = tookMs.slice(warmUp).sort((a, b) => a - b);
    const [p50Ms, p99Ms] = [percentile(sorted, 0.5), percentile(sorted, 0.99)];
    return { p50Ms, p99Ms, maxMs: percentile(sorted, 1), messages: warmUp + count };
  };
};
