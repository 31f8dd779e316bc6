import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** Builds the Worker as `wrangler deploy` would upload it, into dist/worker, where workerd.capnp looks for it. */
export async function buildWorker(): Promise<void> {
  const root = `${import.meta.dirname}/../..`;
  const wrangler = `${root}/node_modules/wrangler/bin/wrangler.js`;
  const env = { ...process.env, WRANGLER_SEND_METRICS: "false" };
  await promisify(execFile)(process.execPath, [wrangler, "deploy", "--dry-run", "--outdir", "dist/worker"], {
    cwd: root,
    env,
  });
}
