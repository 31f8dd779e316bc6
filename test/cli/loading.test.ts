/** What the command line loads before it knows which command it is: people wait for `--help`, and shells for completion. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { nodeFault } from "../../worker-client/cli/base/version.ts";

const ROOT = join(import.meta.dirname, "../..");
const CLI = join(ROOT, "worker-client/cli/index.ts");
const run = promisify(execFile);

test("help loads neither the client nor ws", async () => {
  const { stdout } = await run(
    process.execPath,
    [
      ...["--conditions=durable-queue-source", "--input-type=module", "--eval"],
      `import { registerHooks } from "node:module";
       const loaded = [];
       registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context); } });
       process.argv.splice(1, 2, "durable-queue", "--help");
       await import(${JSON.stringify(CLI)});
       process.stdout.write("\\nloaded " + loaded.join(" "));`,
    ],
    { cwd: ROOT },
  );

  expect(stdout).toContain("/cli/program.ts");
  expect(stdout).not.toMatch(/worker-client\/src\/|node_modules\/(ws|zod|hono)|src\/local/);
});

test.each([
  ["20.20.2", "durable-queue needs Node 22.12 or newer, and this is Node 20.20.2."],
  ["22.11.0", "durable-queue needs Node 22.12 or newer, and this is Node 22.11.0."],
  ["22.12.0", undefined],
  ["23.0.0", undefined],
  ["24.21.0", undefined],
])("Node %s is told what it needs: %s", (version, sentence) => {
  expect(nodeFault(version)).toBe(sentence);
});

test("a user without a folder of its own, as in a container, gets its help", async () => {
  const missing =
    "import os from 'node:os'; import { syncBuiltinESMExports } from 'node:module'; os.homedir = () => { throw new Error('ENOENT'); }; syncBuiltinESMExports();";
  const hook = `data:text/javascript,${encodeURIComponent(missing)}`;

  const { stdout } = await run(process.execPath, ["--import", hook, CLI, "--help"], { cwd: ROOT });

  expect(stdout).toContain("Usage: durable-queue");
});
