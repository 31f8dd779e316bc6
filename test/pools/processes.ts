import { execFileSync } from "node:child_process";

interface Row {
  pid: number;
  parent: number;
}

/** All processes that run. One that has ended, and that its parent has not asked for yet, does not. */
function processes(): Row[] {
  const lines = execFileSync("ps", ["-A", "-o", "pid=,ppid=,stat=,comm="], { encoding: "utf8" }).split("\n");
  const rows = lines.map((line) => line.trim().split(/\s+/));
  return rows
    .filter(([, , state = "Z", name]) => !state.startsWith("Z") && name !== "ps")
    .map(([pid, parent]) => ({ pid: Number(pid), parent: Number(parent) }));
}

/** The ids of the processes that one of these has started, in the order of their ids. */
export function childrenOf(parents: readonly number[]): number[] {
  const children = processes().filter(({ parent }) => parents.includes(parent));
  return children.map(({ pid }) => pid).sort((a, b) => a - b);
}

/** Those of these processes that run. */
export function running(pids: readonly number[]): number[] {
  const all = new Set(processes().map(({ pid }) => pid));
  return pids.filter((pid) => all.has(pid));
}
