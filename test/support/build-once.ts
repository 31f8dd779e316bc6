import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildWorker, WORKER, type WorkerBuild } from "../../src/local/build-worker.ts";
import { packPackage } from "./projects/packed-package.ts";

const ROOT = join(import.meta.dirname, "../..");

/** The Worker with clocks that tests move. */
const MOVABLE: WorkerBuild = {
  entry: "test/support/movable-worker/index.ts",
  bundle: "dist/movable-worker",
  sources: [...WORKER.sources, "test/support/movable-worker"],
};

/** What workerd is given to serve that Worker. */
export const MOVABLE_CONFIG = join(ROOT, MOVABLE.bundle, "workerd.capnp");

/** Before the first test: the bundles that the servers of the tests serve, and the package. */
export default async function build(): Promise<void> {
  await Promise.all([buildWorker(), buildWorker({}, MOVABLE)]);
  const config = readFileSync(join(ROOT, "src/local/workerd.capnp"), "utf8");
  const own = config.replace(`embed "../../${WORKER.bundle}/index.js"`, 'embed "index.js"');
  if (own === config) throw new Error("workerd.capnp does not name the bundle.");
  writeFileSync(MOVABLE_CONFIG, own);
  packPackage();
}
