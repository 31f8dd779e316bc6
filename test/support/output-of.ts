import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect } from "vitest";
import type { QueueManagerOptions } from "../../worker-client/src/index.ts";

/** Runs a program that has a `manager` with these options, and tells what it has printed when it has ended by itself. */
export async function outputOf(program: string, options: QueueManagerOptions): Promise<string> {
  const source = new URL("../../worker-client/src/index.ts", import.meta.url);
  const text = `
    import { QueueManager } from ${JSON.stringify(source)};
    const manager = new QueueManager(${JSON.stringify(options)});
    ${program}`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", text], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const output = (await child.stdout.toArray()).join("");
  expect(await ended).toEqual([0, null]);
  return output;
}
