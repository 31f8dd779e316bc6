import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";

/** What one build has stored, and what it showed of it. */
export interface Fixture {
  /** The files of the data directory, in base64, by their paths in it. */
  files: Record<string, string>;
  queues: Record<string, { description: Record<string, unknown>; messages: Record<string, unknown>[] }>;
}

/** The files in a directory that hold stored data. */
export function filesIn(directory: string): Record<string, string> {
  const paths = readdirSync(directory, { recursive: true, encoding: "utf8" });
  const files = paths.filter((path) => /\.sqlite(-wal)?$/.test(path) && statSync(join(directory, path)).isFile());
  return Object.fromEntries(files.map((path) => [path, readFileSync(join(directory, path)).toString("base64")]));
}

export function fixtureIn(path: string): Fixture {
  return JSON.parse(gunzipSync(readFileSync(path)).toString("utf8")) as Fixture;
}

/** Writes the files of a fixture into a directory. */
export function unpack({ files }: Fixture, directory: string): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), Buffer.from(content, "base64"));
  }
}
