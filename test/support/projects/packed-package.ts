import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { isNewer } from "../../../src/local/build-worker.ts";

const ROOT = join(import.meta.dirname, "../../..");

/** Where the packed package is, relative to the root. */
const FOLDER = "dist/packed";
const SOURCES = [
  ...["src", "worker-client", "docs", "examples/service", "package.json", "package-lock.json", "tsconfig.json"],
  ...["README.md", "CHANGELOG.md", "LICENSE", "wrangler.toml"],
];

/** The path of the packed package in this repository. */
const TARBALL = join(FOLDER, "durable-queue.tgz");

/** Builds and packs the package as `npm publish` would upload it, unless it is newer than its sources. */
export function packPackage(): void {
  if (isNewer(TARBALL, SOURCES)) return;
  const folder = mkdtempSync(join(tmpdir(), "durable-queue-packed-"));
  try {
    execFileSync("npm", ["pack", "--silent", "--pack-destination", folder], { cwd: ROOT, stdio: "pipe" });
    mkdirSync(join(ROOT, FOLDER), { recursive: true });
    cpSync(join(folder, readdirSync(folder)[0] as string), join(ROOT, TARBALL));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The package that `packPackage` has packed, which the set-up of the tests does once. */
export class PackedPackage {
  /** The path of the packed package. */
  readonly tarball = join(ROOT, TARBALL);

  /** Unpacks it as npm would install it in this project, with other packages as they are installed in this repository. */
  install(project: string, others: readonly string[]): string {
    const home = join(project, "node_modules/durable-queue");
    mkdirSync(home, { recursive: true });
    execFileSync("tar", ["-xzf", this.tarball, "-C", home, "--strip-components=1"]);
    for (const name of others) {
      mkdirSync(dirname(join(project, "node_modules", name)), { recursive: true });
      symlinkSync(join(ROOT, "node_modules", name), join(project, "node_modules", name));
    }
    return home;
  }
}
