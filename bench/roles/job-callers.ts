import { percentile } from "../support/statistics.ts";
import type { Role } from "./role.ts";
import { answerTo, tasks } from "./task.ts";

/** Callers of one connection submit jobs and await their results, each one after the other. */
export const role: Role = async ({ connect, size }) => {
  const connection = await connect();
  let messages = 0;

  const call = async () => {
    const [input = ""] = tasks(messages, messages + 1);
    messages += 1;
    const jobs = (await connection.submitAll?.([input])) ?? [];
    const result = await jobs[0]?.result();
    if (result !== answerTo(input)) throw new Error(`The result of a job is not what it should be: ${result}`);
  };
  const callFor = async (seconds: number) => {
    const tookMs: number[] = [];
    const beganAt = performance.now();
    const caller = async () => {
      for (let at = beganAt; at - beganAt < seconds * 1_000; ) {
        await call();
        const endedAt = performance.now();
        tookMs.push(endedAt - at);
        at = endedAt;
      }
    };
    await Promise.all(Array.from({ length: size("callers") }, caller));
    const perSecond = tookMs.length / ((performance.now() - beganAt) / 1_000);
    const sorted = tookMs.sort((a, b) => a - b);
    return { perSecond, p50Ms: percentile(sorted, 0.5), p99Ms: percentile(sorted, 0.99), jobs: tookMs.length };
  };
  await callFor(size("warmUpSeconds"));
  return async () => ({ ...(await callFor(size("seconds"))), messages });
};
