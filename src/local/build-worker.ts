import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const ROOT = resolve(import.meta.dirname, "../..");

/** A Worker that can be built. Paths are relative to the root of the repository. */
export interface WorkerBuild {
  /** Its first file, named index.ts. By default the one that wrangler.toml names. */
  entry?: string;
  /** The folder in which index.js is written. */
  bundle: string;
  /** Its sources, folders with everything in them. */
  sources: readonly string[];
}

/** The Worker that is served, built to the folder that workerd.capnp names. */
export const WORKER: WorkerBuild = {
  bundle: "dist/worker",
  sources: ["src", "wrangler.toml", "package-lock.json"],
};

/**
 * Builds the Worker as `wrangler deploy` would upload it. Does nothing if it is newer than its sources. Servers that start
 * meanwhile find the whole old Worker or the whole new one.
 *
 * @param build the Worker to build
 */
export async function buildWorker({ signal }: { signal?: AbortSignal } = {}, build = WORKER): Promise<void> {
  // The published package has no sources: it brings the Worker, built.
  if (!existsSync(join(ROOT, "wrangler.toml"))) return;
  const startedAt = new Date();
  if (isFresh(build)) return;
  const bundle = join(ROOT, build.bundle);
  mkdirSync(bundle, { recursive: true });
  const fresh = mkdtempSync(join(ROOT, "dist/build-"));
  try {
    const wrangler = join(ROOT, "node_modules/wrangler/bin/wrangler.js");
    const env = { ...process.env, WRANGLER_SEND_METRICS: "false" };
    const options = { cwd: ROOT, env, ...(signal === undefined ? {} : { signal }) };
    const entry = build.entry === undefined ? [] : [build.entry];
    const args = [wrangler, "deploy", ...entry, "--dry-run", "--outdir", fresh];
    await promisify(execFile)(process.execPath, args, options);
    // A source that was changed during the build must be newer than the build.
    for (const file of readdirSync(fresh)) utimesSync(join(fresh, file), startedAt, startedAt);
    for (const file of readdirSync(fresh)) renameSync(join(fresh, file), join(bundle, file));
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

function isFresh({ bundle, sources }: WorkerBuild): boolean {
  return isNewer(join(bundle, "index.js"), sources);
}

/**
 * Whether a file was made after the last change of its sources.
 *
 * @param sources files, and folders with everything in them. Paths are relative to the root of the repository
 */
export function isNewer(file: string, sources: readonly string[]): boolean {
  const builtAt = statSync(join(ROOT, file), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return sources.every((source) => {
    const path = join(ROOT, source);
    if (!statSync(path).isDirectory()) return statSync(path).mtimeMs < builtAt;
    // A folder is as new as the last file that was added or removed.
    const inside = readdirSync(path, { recursive: true, encoding: "utf8" }).map((name) => join(path, name));
    return [path, ...inside].every((file) => statSync(file).mtimeMs < builtAt);
  });
}
