import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const ROOT = resolve(import.meta.dirname, "../..");

/** The folder in which workerd.capnp finds the Worker. */
const BUNDLE = join(ROOT, "dist/worker");

/** The sources of the Worker, folders with everything in them. */
const SOURCES = ["src", "wrangler.toml", "package-lock.json"];

/**
 * Builds the Worker as `wrangler deploy` would upload it, into dist/worker. Does nothing if it is newer than its sources.
 * Servers that start meanwhile find the whole old Worker or the whole new one.
 */
export async function buildWorker({ signal }: { signal?: AbortSignal } = {}): Promise<void> {
  const startedAt = new Date();
  if (isFresh()) return;
  mkdirSync(BUNDLE, { recursive: true });
  const fresh = mkdtempSync(join(ROOT, "dist/build-"));
  try {
    const wrangler = join(ROOT, "node_modules/wrangler/bin/wrangler.js");
    const env = { ...process.env, WRANGLER_SEND_METRICS: "false" };
    const options = { cwd: ROOT, env, ...(signal === undefined ? {} : { signal }) };
    await promisify(execFile)(process.execPath, [wrangler, "deploy", "--dry-run", "--outdir", fresh], options);
    // A source that was changed during the build must be newer than the build.
    for (const file of readdirSync(fresh)) utimesSync(join(fresh, file), startedAt, startedAt);
    for (const file of readdirSync(fresh)) renameSync(join(fresh, file), join(BUNDLE, file));
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

function isFresh(): boolean {
  const builtAt = statSync(join(BUNDLE, "index.js"), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return SOURCES.every((source) => {
    const path = join(ROOT, source);
    if (!statSync(path).isDirectory()) return statSync(path).mtimeMs < builtAt;
    // A folder is as new as the last file that was added or removed.
    const inside = readdirSync(path, { recursive: true, encoding: "utf8" }).map((name) => join(path, name));
    return [path, ...inside].every((file) => statSync(file).mtimeMs < builtAt);
  });
}
