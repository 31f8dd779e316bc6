import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";

/** All that are in use, so that none is left when the benchmark is interrupted. */
const inUse = new Set<string>();
process.once("exit", () => inUse.forEach(removeScratch));

/** A new directory for files that are not needed afterwards. */
export function makeScratch(): string {
  const directory = mkdtempSync(`${tmpdir()}/durable-queue-bench-`);
  inUse.add(directory);
  return directory;
}

export function removeScratch(directory: string): void {
  inUse.delete(directory);
  // A process that was just killed may still be writing.
  rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}
