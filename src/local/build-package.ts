/** `npm run build`: builds what `npm pack` publishes, in `dist`: JavaScript, declarations, source maps, and the Worker. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { buildWorker, WORKER } from "./build-worker.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const DIST = join(ROOT, "dist");

/** TypeScript's projects whose output is published: what runs on Node, and what runs in a Worker. */
const PROJECTS = ["worker-client/tsconfig.build.json", "src/tsconfig.build.json"];

function compile(project: string): void {
  const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");
  execFileSync(process.execPath, [tsc, "-p", project], { cwd: ROOT, stdio: "inherit" });
}

/** The configuration of workerd names the Worker by where it is from there, which is another place in the package. */
function copyConfiguration(): void {
  const config = readFileSync(join(ROOT, "src/local/workerd.capnp"), "utf8");
  const published = config.replace(`embed "../../${WORKER.bundle}/index.js"`, 'embed "../../worker/index.js"');
  if (published === config) throw new Error("workerd.capnp does not name the bundle.");
  mkdirSync(join(DIST, "src/local"), { recursive: true });
  writeFileSync(join(DIST, "src/local/workerd.capnp"), published);
}

await buildWorker();
for (const folder of ["src", "worker-client"]) rmSync(join(DIST, folder), { recursive: true, force: true });
for (const project of PROJECTS) compile(project);
copyConfiguration();
