import type { RunningServer } from "../contender.ts";

/** For pools that are their program's own: there is no server to start. */
export async function withoutServer(): Promise<RunningServer> {
  return { address: "none", pid: process.pid, stop: () => Promise.resolve() };
}
