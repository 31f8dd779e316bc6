import type { Connection, QueueName } from "../contender.ts";

export const BATCH = 100;
export const IN_FLIGHT = 8;

/** Puts in batches of 100, of which several are under way at a time: the same for every queue. */
export async function putInBatches(connection: Connection, queue: QueueName, bodies: readonly string[]): Promise<void> {
  let next = 0;
  const putter = async () => {
    while (next < bodies.length) {
      const batch = bodies.slice(next, next + BATCH);
      next += BATCH;
      await connection.putAll(queue, batch);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, putter));
}
