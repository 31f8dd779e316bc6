import { execFile } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { onTestFinished } from "vitest";
import { PackedPackage } from "./packed-package.ts";

const ROOT = join(import.meta.dirname, "../../..");

/** What a package.json says. */
interface Manifest {
  version?: string;
  bin?: Record<string, string>;
  scripts?: Record<string, string>;
  exports?: Record<string, unknown>;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
}

export function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
}

/** The environment of a terminal: what is here by these tests is not there. */
const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_|DURABLE_QUEUE_|VITEST|TEST$|AUTHKEY)/i.test(name)),
);

/** What a command prints that is run in a project, also if it fails. */
export async function printedBy(command: string, cwd: string): Promise<string> {
  // Or wrangler asks hosts of Cloudflare where this machine is, and tells them what was run.
  const own = { CLOUDFLARE_CF_FETCH_ENABLED: "false", WRANGLER_SEND_METRICS: "false", NO_COLOR: "1" };
  const [program = "", ...args] = command.split(" ");
  const running = promisify(execFile)(program, args, { cwd, env: { ...env, ...own } });
  const { stdout, stderr } = await running.catch((failure: { stdout: string; stderr: string }) => failure);
  return stdout + stderr;
}

/**
 * Copies a folder of examples as its users have it: by itself, with the packed package, its other packages as they are
 * installed in this repository, and all commands. It is removed after the test.
 */
export function installProject(folder: string): string {
  const project = mkdtempSync(join(tmpdir(), `durable-queue-${folder.replaceAll("/", "-")}-`));
  onTestFinished(() => rmSync(project, { recursive: true }));
  cpSync(join(ROOT, folder), project, { recursive: true });
  const { dependencies, devDependencies } = manifestOf(project);
  const { "durable-queue": _, ...others } = { ...manifestOf(ROOT).dependencies, ...dependencies, ...devDependencies };
  const home = new PackedPackage().install(project, Object.keys(others));
  const bin = join(project, "node_modules/.bin");
  mkdirSync(bin);
  for (const name of readdirSync(join(ROOT, "node_modules/.bin"))) {
    symlinkSync(join(ROOT, "node_modules/.bin", name), join(bin, name));
  }
  for (const [name, path] of Object.entries(manifestOf(home).bin ?? {})) {
    chmodSync(join(home, path), 0o755);
    symlinkSync(join(home, path), join(bin, name));
  }
  return project;
}

/** The versions of a project's packages, and those that this repository has of them. */
export function versionsOf(folder: string): {
  needed: Record<string, string>;
  here: Record<string, string | undefined>;
} {
  const { version = "", devDependencies } = manifestOf(ROOT);
  const own: Record<string, string> = { ...devDependencies, "durable-queue": version };
  const { dependencies, devDependencies: others } = manifestOf(join(ROOT, folder));
  const needed = { ...dependencies, ...others };
  return { needed, here: Object.fromEntries(Object.keys(needed).map((name) => [name, own[name]])) };
}
