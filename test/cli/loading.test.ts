/** What the command line loads before it knows which command it is: people wait for `--help`, and shells for completion. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

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
