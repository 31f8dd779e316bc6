import { spawn } from "node:child_process";
import { once } from "node:events";
import { openSync, readFileSync } from "node:fs";
import { join } from "node:path";

const PROGRAM = join(import.meta.dirname, "../../../worker-client/cli/index.ts");

/** How often the memory of the process is looked at, in milliseconds. */
const LOOK_MS = 20;

/** What became of a command. */
export interface Measured {
  seconds: number;
  /** The most resident memory that its process had. */
  peakMib: number;
  status: number | null;
  errors: string;
}

/** How a command runs. */
export interface MeasuredPlace {
  environment: NodeJS.ProcessEnv;
  /** The file that is its standard input. */
  input?: string;
  /** Ends it by a signal as soon as it is time. */
  endsBy?: { signal: NodeJS.Signals; isTime: () => boolean };
}

/** Runs a command of the program as a process of its own, and measures it from its start to its end. */
export async function measured(
  args: readonly string[],
  { environment, input, endsBy }: MeasuredPlace,
): Promise<Measured> {
  const beganAt = performance.now();
  const child = spawn(process.execPath, ["--conditions=source", PROGRAM, ...args], {
    env: environment,
    stdio: [input === undefined ? "ignore" : openSync(input, "r"), "ignore", "pipe"],
  });
  let errors = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    errors += chunk.toString();
  });
  let peakMib = 0;
  let isEnding = false;
  const timer = setInterval(() => {
    peakMib = Math.max(peakMib, peakMibOf(child.pid as number));
    if (isEnding || endsBy?.isTime() !== true) return;
    isEnding = true;
    child.kill(endsBy.signal);
  }, LOOK_MS);
  const [status] = (await once(child, "close")) as [number | null];
  clearInterval(timer);
  return { seconds: (performance.now() - beganAt) / 1_000, peakMib, status, errors };
}

/** 0 for a process that has ended. */
function peakMibOf(pid: number): number {
  try {
    const [, kibibytes = "0"] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return Number(kibibytes) / 1_024;
  } catch {
    return 0;
  }
}
