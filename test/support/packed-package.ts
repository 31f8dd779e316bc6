import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");

/** The package as `npm publish` would upload it: built and packed into a folder that `remove` removes. */
export class PackedPackage {
  /** The path of the packed package. */
  readonly tarball: string;
  readonly #folder = mkdtempSync(join(tmpdir(), "durable-queue-packed-"));

  constructor() {
    execFileSync("npm", ["pack", "--silent", "--pack-destination", this.#folder], { cwd: ROOT, stdio: "pipe" });
    this.tarball = join(this.#folder, readdirSync(this.#folder)[0] as string);
  }

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

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }
}
