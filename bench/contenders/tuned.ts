import { readFileSync } from "node:fs";
import type { WorkOptions } from "durable-queue";

/** Of workers, for work that is short: many at a time, and many that wait. */
export const TUNED = { concurrency: 400, prefetch: 800, leaseSeconds: 60 } as const satisfies WorkOptions;

/** The version of the package. */
export async function version(): Promise<string> {
  const file = `${import.meta.dirname}/../../package.json`;
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}
