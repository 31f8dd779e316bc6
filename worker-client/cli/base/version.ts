import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** The version of the package durable-queue in which this file is; "unknown" if there is none. */
export function packageVersion(): string {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    const path = join(folder, "package.json");
    if (!existsSync(path)) continue;
    const { name, version } = JSON.parse(readFileSync(path, "utf8")) as { name?: string; version?: string };
    if (name === "durable-queue") return version ?? "unknown";
  }
  return "unknown";
}

/** The oldest Node that runs this package: `engines` of package.json. */
const NODE_MIN = [22, 12] as const;

/** What is wrong with a version of Node, as a sentence; undefined if it runs this package. */
export function nodeFault(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])) return undefined;
  return `durable-queue needs Node ${NODE_MIN.join(".")} or newer, and this is Node ${version}.`;
}
