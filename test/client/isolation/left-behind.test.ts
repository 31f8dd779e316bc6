/** No process outlives the program that has started it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";

const PROGRAM = join(import.meta.dirname, "../../support/isolation/parent-program.ts");

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test.each(["SIGKILL", "SIGTERM"] as const)("processes end with a program that is ended by %s", async (signal) => {
  const program = spawn(process.execPath, [PROGRAM], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void program.kill("SIGKILL"));
  const [line] = (await once(createInterface({ input: program.stdout }), "line")) as [string];
  const { pids } = JSON.parse(line) as { pids: number[] };
  expect(pids.length).toBe(2);
  expect(pids.every(isAlive)).toBe(true);
  program.kill(signal);

  await expect.poll(() => pids.filter(isAlive), { timeout: 20_000 }).toEqual([]);
});
