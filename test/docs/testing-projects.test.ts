/** The projects of examples/testing, as their users have them: by themselves, with the packed package. */
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { blocks } from "../support/code-blocks.ts";
import { PackedPackage } from "../support/packed-package.ts";

const ROOT = join(import.meta.dirname, "../..");

const PROJECTS = ["memory", "server", "in-worker"];

/** What a package.json says. */
interface Manifest {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
}

/** The environment of a terminal: what is here by these tests is not there. */
const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_|DURABLE_QUEUE_|VITEST|TEST$|AUTHKEY)/i.test(name)),
);

/** What a command prints that is run in a project, also if it fails. */
async function printedBy(command: string, cwd: string): Promise<string> {
  // Or wrangler asks hosts of Cloudflare where this machine is, and tells them what was run.
  const own = { CLOUDFLARE_CF_FETCH_ENABLED: "false", WRANGLER_SEND_METRICS: "false", NO_COLOR: "1" };
  const [program = "", ...args] = command.split(" ");
  const running = promisify(execFile)(program, args, { cwd, env: { ...env, ...own } });
  const { stdout, stderr } = await running.catch((failure: { stdout: string; stderr: string }) => failure);
  return stdout + stderr;
}

test.each(PROJECTS)(
  "the tests of examples/testing/%s pass",
  async (name) => {
    const project = mkdtempSync(join(tmpdir(), `durable-queue-testing-${name}-`));
    onTestFinished(() => rmSync(project, { recursive: true }));
    cpSync(join(ROOT, "examples/testing", name), project, { recursive: true });
    const own = Object.keys(manifestOf(ROOT).dependencies);
    new PackedPackage().install(project, [...own, ...Object.keys(manifestOf(project).devDependencies)]);
    symlinkSync(join(ROOT, "node_modules/.bin"), join(project, "node_modules/.bin"));

    expect(await printedBy("npm run --silent check", project)).toBe("");
    expect(await printedBy("npm test", project)).toMatch(/Tests {2}\d+ passed \(\d+\)/);
  },
  120_000,
);

test("the blocks of the page are parts of their files", () => {
  const taken = blocks.filter(({ file, code }) => file === "docs/testing.md" && code.startsWith("// examples/"));

  expect(taken.length).toBeGreaterThan(PROJECTS.length);
  for (const { code } of taken) {
    const [label = ""] = code.split("\n");
    expect(readFileSync(join(ROOT, label.slice("// ".length)), "utf8")).toContain(code.slice(label.length + 1));
  }
});

test("their versions are those of this repository", () => {
  const root = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Manifest & { version: string };
  const here: Record<string, string> = { ...root.devDependencies, "durable-queue": root.version };

  for (const name of PROJECTS) {
    const { dependencies, devDependencies } = manifestOf(join(ROOT, "examples/testing", name));
    const needed = { ...dependencies, ...devDependencies };
    expect(needed).toEqual(Object.fromEntries(Object.keys(needed).map((each) => [each, here[each]])));
  }
});
