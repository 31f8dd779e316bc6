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
