/** Jobs end with one outcome each, though workers, the server and the producer are killed meanwhile. */
import { expect, test } from "vitest";
import { runJobs } from "./run-jobs.ts";

/** Each kill starts a process again. */
const TIMEOUT_MS = 180_000;

test(
  "each job has one outcome for its caller, through kills of workers, server and producer",
  async () => {
    const seed = Math.floor(Math.random() * 2 ** 32);

    const { faults, done, failed, cancelled, kills } = await runJobs({
      jobs: 400,
      kills: 5,
      seed,
      log: () => undefined,
    });

    expect(faults, `seed ${seed}`).toEqual([]);
    expect({ done, failed, cancelled }).toEqual({ done: 360, failed: 20, cancelled: 20 });
    expect(Math.min(...Object.values(kills))).toBeGreaterThan(0);
  },
  TIMEOUT_MS,
);
