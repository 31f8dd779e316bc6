/** Messages are handled though their handlers fail, the server is killed and objects are ended. */
import { expect, test } from "vitest";
import { runPush } from "./run-push.ts";

/** Leases of handlers that are gone end after seconds, and an alarm may be ten behind. */
const TIMEOUT_MS = 180_000;

test(
  "each message that is pushed is handled, through failing handlers, kills of the server and ends of objects",
  async () => {
    const seed = Math.floor(Math.random() * 2 ** 32);
    const settings = { messages: 600, kills: 2, ends: 2, isIdleTested: false, seed };

    const { faults, dead, failed } = await runPush({ ...settings, log: () => undefined });

    expect(faults, `seed ${seed}`).toEqual([]);
    expect(dead, `seed ${seed}`).toBe(3);
    expect(failed).toBeGreaterThan(0);
  },
  TIMEOUT_MS,
);

test(
  "without kills and ends handlers see each attempt, and nothing that is done again",
  async () => {
    const seed = Math.floor(Math.random() * 2 ** 32);
    const settings = { messages: 600, kills: 0, ends: 0, isIdleTested: false, seed };

    const { faults, unseen, again } = await runPush({ ...settings, log: () => undefined });

    expect({ faults, unseen, again }, `seed ${seed}`).toEqual({ faults: [], unseen: 0, again: 0 });
  },
  TIMEOUT_MS,
);
