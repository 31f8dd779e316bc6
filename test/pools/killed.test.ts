/** A map is complete and in order, though processes, a worker, the server and the master are killed meanwhile. */
import { expect, test } from "vitest";
import { runPool } from "./run-pool.ts";

/** Each kill starts a process again. */
const TIMEOUT_MS = 180_000;

test(
  "the results of a map are complete and in order, through kills of child processes, a worker, the server and the master",
  async () => {
    const seed = Math.floor(Math.random() * 2 ** 32);

    const { faults, kills } = await runPool({
      items: 2_000,
      chunkSize: 20,
      kills: 6,
      seed,
      limitSeconds: TIMEOUT_MS / 1_000,
      log: () => undefined,
    });

    expect(faults, `seed ${seed}`).toEqual([]);
    expect(Math.min(...Object.values(kills))).toBeGreaterThan(0);
  },
  TIMEOUT_MS,
);
