import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../../..");

/**
 * What the compiler says about programs in strict mode, by their names; "" for one that compiles. They can import from
 * `durable-queue` and `durable-queue/tasks`, which are those of this repository.
 */
export function compiled<Name extends string>(programs: Record<Name, string>): Record<Name, string> {
  // Inside of the repository, so that the imports of packages are found.
  mkdirSync(join(ROOT, "test-results"), { recursive: true });
  const folder = mkdtempSync(join(ROOT, "test-results/compiled-"));
  const names = Object.keys(programs) as Name[];
  try {
    names.forEach((name, index) => {
      writeFileSync(join(folder, `program-${index}.ts`), programs[name]);
    });
    const paths = {
      "durable-queue": [join(ROOT, "worker-client/src/index.ts")],
      "durable-queue/tasks": [join(ROOT, "worker-client/src/tasks/index.ts")],
    };
    const compilerOptions = { noEmit: true, types: ["node"], noUnusedLocals: false, paths };
    const config = { extends: "../../tsconfig.json", compilerOptions, include: ["*.ts"] };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
    const { stdout } = spawnSync(process.execPath, [tsc, "-p", ".", "--pretty", "false"], {
      cwd: folder,
      encoding: "utf8",
    });
    const errors = stdout.split(/^(?=program-)/m);
    return Object.fromEntries(
      names.map((name, index) => {
        const own = errors.filter((error) => error.startsWith(`program-${index}.ts`));
        return [name, own.map((error) => error.replace(/^program-\d+\.ts/, "").trim()).join("\n")];
      }),
    ) as Record<Name, string>;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
